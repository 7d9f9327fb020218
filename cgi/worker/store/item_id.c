#include "item_id.h"

#include <openssl/evp.h>
#include <string.h>

#include "event_index.h"

int64_t
wxs_item_id(const char *text, size_t len, const char *more, size_t more_len)
{
    uint8_t digest[EVP_MAX_MD_SIZE] = {0}, lengths[8];
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    uint64_t id;

    wxs_put_le64(lengths, len);
    if (context == NULL ||
        EVP_DigestInit_ex(context, EVP_sha256(), NULL) != 1 ||
        EVP_DigestUpdate(context, lengths, sizeof lengths) != 1 ||
        EVP_DigestUpdate(context, text, len) != 1 ||
        EVP_DigestUpdate(context, more, more_len) != 1 ||
        EVP_DigestFinal_ex(context, digest, NULL) != 1)
        digest[0] = 1;
    EVP_MD_CTX_free(context);
    id = wxs_get_le64(digest) & INT64_MAX;
    return id == 0 ? 1 : (int64_t)id;
}
