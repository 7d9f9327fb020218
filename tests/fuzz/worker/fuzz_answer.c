#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "verify/dns_answer.h"

/* Messages of nameservers. The first byte chooses whether recursion was asked
 * for, the type, and whether the rest stands behind a right header and
 * question, so that records are reached without guessing those. */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const unsigned char question[] = {
    0x12, 0x34, 0, 0,   0,   1,   0,   0,   0,   0,   0, 1, 4,  'l', 'I',
    'n',  'k',  7, 'e', 'x', 'a', 'm', 'p', 'l', 'e', 0, 0, 16, 0,   1};

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const unsigned char types[] = {16, 15, 5, 2, 1, 28, 16, 16};
    unsigned char query[sizeof question];
    wxs_dns_answer *answer = NULL;

    if (size < 1 || size > WXS_DNS_MESSAGE_MAX) {
        return 0;
    }
    memcpy(query, question, sizeof query);
    query[2] = data[0] & 1;
    query[sizeof query - 3] = types[data[0] >> 1 & 7];

    size_t start = data[0] & 0x80 ? sizeof query : 0;
    size_t length = start + size - 1;
    unsigned char *message = malloc(length == 0 ? 1 : length);

    if (message == NULL) {
        return 0;
    }
    memcpy(message, query, start);
    if (size > 1) {
        memcpy(message + start, data + 1, size - 1);
    }
    if (start > 0) {
        message[2] = 0x84;
        message[7] = data[0] >> 4 & 3; /* answers */
        message[9] = data[0] >> 6 & 1; /* authority */
        message[11] = 0;
    }
    if (wxs_dns_answer_read(query, sizeof query, message, length, &answer) ==
        WXS_DNS_ANSWERED) {
        for (size_t i = 0; answer != NULL && i < answer->count; i++) {
            if (answer->value[i].data[answer->value[i].length] != '\0') {
                abort();
            }
        }
        wxs_dns_answer_free(answer);
    }
    free(message);
    return 0;
}
