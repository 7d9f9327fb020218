#include "sign.h"

#include <inttypes.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool
wxs_sign(const uint8_t secret[WXS_WEBHOOK_SECRET_SIZE], const char *id,
         int64_t timestamp, const char *payload, size_t len,
         char signature[WXS_SIGNATURE_TEXT])
{
    uint8_t mac[EVP_MAX_MD_SIZE];
    unsigned mac_len = 0;
    char head[96];
    int head_len =
        snprintf(head, sizeof(head), "%s.%" PRId64 ".", id, timestamp);
    char *content;
    bool ok;

    if (head_len < 0 || (size_t)head_len >= sizeof(head))
        return false;
    content = malloc((size_t)head_len + len);
    if (content == NULL)
        return false;
    memcpy(content, head, (size_t)head_len);
    memcpy(content + head_len, payload, len);
    ok = HMAC(EVP_sha256(), secret, WXS_WEBHOOK_SECRET_SIZE,
              (unsigned char *)content, (size_t)head_len + len, mac,
              &mac_len) != NULL;
    free(content);
    memcpy(signature, "v1,", 3);
    return ok && EVP_EncodeBlock((unsigned char *)signature + 3, mac,
                                 (int)mac_len) == WXS_SIGNATURE_TEXT - 4;
}
