#include "keys.h"

#include <openssl/sha.h>
#include <string.h>

#include "clock.h"
#include "uuid.h"

#define KEY_LEN 36

bool
wxs_key_insert(wxs_db *control, int64_t account, const char *name,
               wxs_permission permission, int64_t domain,
               const uint8_t hash[WXS_API_KEY_HASH], wxs_error *error)
{
    static const char sql[] =
        "INSERT INTO api_keys (id, account, name, permission, domain, hash,"
        " created_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    uint8_t uuid[WXS_UUID_SIZE];
    char id[WXS_UUID_TEXT];

    if (!wxs_uuid_new(uuid))
        return wxs_fail(error, "the system gives no random numbers");
    wxs_uuid_format(uuid, id);
    sqlite3_stmt *insert = wxs_db_prepare(control, sql, error);
    if (insert == NULL)
        return false;
    if (sqlite3_bind_text(insert, 1, id, -1, SQLITE_STATIC) != SQLITE_OK ||
        sqlite3_bind_int64(insert, 2, account) != SQLITE_OK ||
        sqlite3_bind_text(insert, 3, name, -1, SQLITE_STATIC) != SQLITE_OK ||
        sqlite3_bind_text(insert, 4,
                          permission == WXS_FULL_ACCESS ? "full_access"
                                                        : "sending_access",
                          -1, SQLITE_STATIC) != SQLITE_OK ||
        (domain != 0 && sqlite3_bind_int64(insert, 5, domain) != SQLITE_OK) ||
        sqlite3_bind_blob(insert, 6, hash, WXS_API_KEY_HASH, SQLITE_STATIC) !=
            SQLITE_OK ||
        sqlite3_bind_int64(insert, 7, wxs_now_us()) != SQLITE_OK) {
        wxs_db_done(insert);
        return wxs_db_fail(control, error, "bind an API key");
    }
    return wxs_db_run(control, insert, error);
}

bool
wxs_key_hash(const char *key, uint8_t hash[WXS_API_KEY_HASH])
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                  "abcdefghijklmnopqrstuvwxyz0123456789-_";

    if (strlen(key) != KEY_LEN || strncmp(key, "re_", 3) != 0 ||
        key[11] != '_' || strspn(key, letters) != KEY_LEN)
        return false;
    return SHA256((const unsigned char *)key, KEY_LEN, hash) != NULL;
}
