#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "dkim_pair.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is taken as a key can be taken again, in its own encoding; what is not,
 * is explained. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static wxs_dkim_pair pair;
    wxs_error error = {""};

    if (!wxs_dkim_pair_import((const char *)data, size, &pair, &error)) {
        if (error.text[0] == '\0')
            abort();
        return 0;
    }
    if (pair.private_len == 0 || pair.private_len > WXS_DKIM_PRIVATE_MAX ||
        strlen(pair.public_key) < 44 ||
        (strncmp(pair.algorithm, "rsa-", 4) != 0 &&
         strcmp(pair.algorithm, "ed25519") != 0))
        abort();
    wxs_dkim_pair_clear(&pair);
    return 0;
}
