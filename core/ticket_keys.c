#include "ticket_keys.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <stdbool.h>
#include <string.h>

#include "small_file.h"

_Static_assert(sizeof(wxs_ticket_key) == 80, "as in the file");

#define FILE_MODE 0640

static bool
names_differ(const wxs_ticket_keys *keys)
{
    for (size_t i = 1; i < keys->count; i++)
        for (size_t j = 0; j < i; j++)
            if (memcmp(keys->keys[i].name, keys->keys[j].name,
                       sizeof keys->keys[i].name) == 0)
                return false;
    return true;
}

wxs_status
wxs_ticket_keys_read(const char *path, wxs_ticket_keys *keys)
{
    wxs_ticket_keys fresh = {.count = 0};
    size_t len;
    wxs_status status = wxs_small_file_read(path, (uint8_t *)fresh.keys,
                                            sizeof fresh.keys, &len);

    if (status == WXS_OK) {
        fresh.count = len / sizeof(wxs_ticket_key);
        if (len == 0 || len % sizeof(wxs_ticket_key) != 0 ||
            !names_differ(&fresh))
            status = WXS_BAD_FORMAT;
    }
    if (status == WXS_OK)
        *keys = fresh;
    OPENSSL_cleanse(&fresh, sizeof fresh);
    return status;
}

wxs_status
wxs_ticket_keys_add(wxs_ticket_keys *keys, size_t keep)
{
    wxs_ticket_key key;

    if (RAND_bytes((unsigned char *)&key, (int)sizeof key) != 1)
        return WXS_CRYPTO;
    if (keys->count >= keep)
        keys->count = keep - 1;
    memmove(&keys->keys[1], &keys->keys[0],
            keys->count * sizeof(wxs_ticket_key));
    keys->keys[0] = key;
    keys->count++;
    OPENSSL_cleanse(&key, sizeof key);
    return WXS_OK;
}

wxs_status
wxs_ticket_keys_rotate(const char *path, size_t keep)
{
    wxs_ticket_keys keys = {.count = 0};
    wxs_status status = wxs_ticket_keys_read(path, &keys);

    /* unreadable is not broken: a new file would end what goes on elsewhere */
    if (status == WXS_IO && errno != ENOENT)
        return status;
    status = wxs_ticket_keys_add(&keys, keep);
    if (status == WXS_OK)
        status =
            wxs_small_file_write(path, FILE_MODE, (const uint8_t *)keys.keys,
                                 keys.count * sizeof(wxs_ticket_key));
    OPENSSL_cleanse(&keys, sizeof keys);
    return status;
}
