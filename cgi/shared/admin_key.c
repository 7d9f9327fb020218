#include "admin_key.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <string.h>

#include "auth.h"

#define KEY_MIN 32

static uint8_t hash[WXS_API_KEY_HASH];
static bool is_set;

static bool
set_key(const char *key, const char *where, wxs_error *error)
{
    size_t len = strcspn(key, " \t\r\n");

    if (len < KEY_MIN || key[len + strspn(key + len, " \t\r\n")] != '\0')
        return wxs_fail(error,
                        "%s does not hold a key of %d characters or more",
                        where, KEY_MIN);
    SHA256((const unsigned char *)key, len, hash);
    is_set = true;
    return true;
}

bool
wxs_admin_key_load(const wxs_config *config, wxs_error *error)
{
    char path[512], line[256] = "";
    FILE *file;
    bool ok;

    is_set = false;
    if (config->admin.key[0] != '\0')
        return set_key(config->admin.key, "the setting admin.key", error);
    if (!wxs_config_path(config, "admin.key", path, sizeof(path)))
        return wxs_fail(error, "the path of the admin key is too long");
    file = fopen(path, "re");
    if (file == NULL)
        return errno == ENOENT ||
               wxs_fail(error, "cannot read %s: %s", path, strerror(errno));
    ok = fgets(line, sizeof(line), file) != NULL || !ferror(file);
    (void)fclose(file);
    ok = ok ? set_key(line, path, error)
            : wxs_fail(error, "cannot read %s", path);
    OPENSSL_cleanse(line, sizeof(line));
    return ok;
}

bool
wxs_admin_key_is(const uint8_t other[WXS_API_KEY_HASH])
{
    return CRYPTO_memcmp(hash, other, sizeof(hash)) == 0 && is_set;
}
