#include "key.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "args.h"
#include "keys.h"
#include "name.h"
#include "user.h"

#define NAME_MAX_BYTES 50 /* as in the API */

typedef struct {
    const char *name;
    wxs_permission permission;
    const char *domain; /* NULL = any */
} key_wish;

/* Finds the account that the key is for: the domain's, or the first. */
static bool
key_scope(wxs_db *control, const char *domain, int64_t *account,
          int64_t *number, wxs_error *error)
{
    static const char first[] = "SELECT min(number), 0 FROM accounts"
                                " HAVING min(number) IS NOT NULL";
    static const char by_domain[] =
        "SELECT account, number, count(*) FROM domains"
        " WHERE name = ?1 AND deleted_at IS NULL HAVING count(*) > 0";
    char ascii[WXS_NAME_SIZE];

    if (domain != NULL && !wxs_name_ascii(domain, ascii))
        return wxs_fail(error, "\"%s\" is not a domain name", domain);
    sqlite3_stmt *query =
        wxs_db_prepare(control, domain == NULL ? first : by_domain, error);
    if (query == NULL)
        return false;
    if (domain != NULL &&
        sqlite3_bind_text(query, 1, ascii, -1, SQLITE_STATIC) != SQLITE_OK) {
        wxs_db_done(query);
        return wxs_db_fail(control, error, "bind a domain");
    }
    int row = wxs_db_step(control, query, error);
    if (row == 1 && domain != NULL && sqlite3_column_int(query, 2) > 1)
        row = wxs_fail(error,
                       "several accounts have a domain %s: make the key with "
                       "`waxseal key add --account`",
                       ascii) -
              1;
    if (row == 1) {
        *account = sqlite3_column_int64(query, 0);
        *number = sqlite3_column_int64(query, 1);
    }
    wxs_db_done(query);
    if (row == 0 && domain != NULL)
        return wxs_fail(error, "there is no domain %s", ascii);
    if (row == 0)
        return wxs_fail(error, "there is no account; run waxseal init");
    return row == 1;
}

static bool
key_create(const char *dir, const key_wish *wish, char key[WXS_API_KEY_TEXT],
           wxs_error *error)
{
    uint8_t hash[WXS_API_KEY_HASH];
    int64_t account = 0, domain = 0;
    wxs_db *control = NULL;
    bool ok = false;

    if (!wxs_db_open(&control, dir, WXS_DB_CONTROL, WXS_DB_WRITE, error) ||
        !wxs_db_begin(control, error))
        goto out;
    if (!key_scope(control, wish->domain, &account, &domain, error))
        goto out;
    if (!wxs_api_key_new(key, hash)) {
        (void)wxs_fail(error, "the system gives no random numbers");
        goto out;
    }
    ok = wxs_key_insert(control, account, wish->name, wish->permission, domain,
                        hash, error) &&
         wxs_db_commit(control, error);
out:
    if (!ok && control != NULL)
        wxs_db_rollback(control);
    wxs_db_close(control);
    return ok;
}

/* Judges the options; NULL or what is wrong with them. */
static const char *
wish_check(key_wish *wish, const char *permission)
{
    if (permission != NULL && strcmp(permission, "sending_access") == 0)
        wish->permission = WXS_SENDING_ACCESS;
    else if (permission != NULL && strcmp(permission, "full_access") != 0)
        return "--permission is full_access or sending_access";
    if (wish->domain != NULL && wish->permission != WXS_SENDING_ACCESS)
        return "--domain limits keys with --permission sending_access only";
    if (strlen(wish->name) > NAME_MAX_BYTES)
        return "--name has at most 50 characters";
    return NULL;
}

int
wxs_key_create_main(int argc, char **argv)
{
    static const char help[] =
        "Usage: waxseal key create --dir DIR [--name NAME]\n"
        "         [--permission full_access|sending_access] [--domain DOMAIN]\n"
        "\n"
        "Makes an API key and prints it, this once: only its hash is kept.\n"
        "\n"
        "  --dir DIR          the state directory\n"
        "  --name NAME        what the key is called in lists\n"
        "  --permission WORD  full_access (default), or sending_access: "
        "messages only\n"
        "  --domain DOMAIN    limits a sending_access key to this domain\n"
        "  --help, --version\n";
    const char *dir = NULL, *permission = NULL;
    key_wish wish = {.name = "command line", .permission = WXS_FULL_ACCESS};
    const wxs_option options[] = {{"dir", &dir, NULL},
                                  {"name", &wish.name, NULL},
                                  {"permission", &permission, NULL},
                                  {"domain", &wish.domain, NULL},
                                  {0}};
    const wxs_command command = {"waxseal key create", help, options, 0};
    char key[WXS_API_KEY_TEXT];
    wxs_error error;

    int code = wxs_args_read(&command, argc, argv, NULL);
    if (code >= 0)
        return code;
    if (dir == NULL)
        return wxs_misused(&command, "--dir is missing");
    const char *wrong = wish_check(&wish, permission);
    if (wrong != NULL)
        return wxs_misused(&command, wrong);
    (void)umask(027);
    if (!wxs_user_settle(dir, NULL, &error) ||
        !key_create(dir, &wish, key, &error))
        return wxs_complain(&command, &error);
    code = puts(key) < 0 || fflush(stdout) != 0;
    OPENSSL_cleanse(key, sizeof(key));
    return code;
}
