#include "link_find.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "../../core/token.h"
#include "link_secret.h"
#include "uuid.h"

#define ID_DIGITS "0123456789"
#define ID_LENGTH 15 /* digits of 2^48 - 1 */

/* The parts of a tracking link. */
typedef struct {
    char host[WXS_HOST_MAX + 1]; /* lower case */
    const char *token;
    size_t token_len;
} parts;

static bool
split(const char *url, parts *found, wxs_error *error)
{
    const char *host = NULL;
    size_t len;

    if (strncasecmp(url, "https://", 8) == 0)
        host = url + 8;
    else if (strncasecmp(url, "http://", 7) == 0)
        host = url + 7;
    if (host == NULL)
        return wxs_fail(error,
                        "\"%s\" is neither the id of a table link nor "
                        "a link",
                        url);
    len = strcspn(host, "/:");
    if (len > WXS_HOST_MAX)
        return wxs_fail(error, "the host of the link is too long");
    for (size_t i = 0; i < len; i++)
        found->host[i] =
            (char)(host[i] >= 'A' && host[i] <= 'Z' ? host[i] - 'A' + 'a'
                                                    : host[i]);
    found->host[len] = '\0';
    host += strcspn(host, "/");
    if (strncmp(host, "/c/", 3) != 0)
        return wxs_fail(error, "only click links (/c/...) have a destination "
                               "to withdraw");
    found->token = host + 3;
    found->token_len = strcspn(found->token, "?#");
    return true;
}

/* Did this domain sign the token? -1: error filled. */
static int
signed_by(wxs_db *control, const wxs_seal_key *link_key, int64_t number,
          const char *id, const wxs_token_parsed *parsed, wxs_error *error)
{
    uint8_t uuid[WXS_UUID_SIZE];
    wxs_link_key *key = NULL;
    wxs_link_secret secret;
    wxs_status status;
    bool found;

    if (id == NULL || !wxs_uuid_parse(id, strlen(id), uuid))
        return 0;
    if (!wxs_link_secret_get(control, link_key, number, &found, &secret, error))
        return -1;
    if (!found)
        return 0;
    status = wxs_link_key_new(secret.secret, parsed->token.key_id, &key);
    OPENSSL_cleanse(&secret, sizeof secret);
    if (status == WXS_OK)
        status = wxs_token_verify(parsed, uuid, key);
    wxs_link_key_free(key);
    if (status != WXS_OK && status != WXS_BAD_MAC) {
        (void)wxs_fail(error, "cannot check the link: %s",
                       wxs_status_text(status));
        return -1;
    }
    return status == WXS_OK;
}

/* The number of the domain that signed the token, 0 if none of the host did. */
static bool
find_signer(wxs_db *control, const char *dir, const char *host,
            const wxs_token_parsed *parsed, int64_t *signer, wxs_error *error)
{
    static const char sql[] =
        "SELECT d.number, d.id FROM domains d WHERE d.number IN "
        "(SELECT domain FROM tracking_hosts WHERE host = ?1)";
    wxs_seal_key link_key;
    char path[512];
    sqlite3_stmt *row;
    int step = -1, is_signer = 0;

    (void)snprintf(path, sizeof path, "%s/link.key", dir);
    if (!wxs_seal_key_load(&link_key, path, error))
        return false;
    *signer = 0;
    row = wxs_db_prepare(control, sql, error);
    if (row != NULL) {
        sqlite3_bind_text(row, 1, host, -1, SQLITE_STATIC);
        while (is_signer == 0 &&
               (step = wxs_db_step(control, row, error)) == 1) {
            *signer = sqlite3_column_int64(row, 0);
            is_signer = signed_by(control, &link_key, *signer,
                                  (const char *)sqlite3_column_text(row, 1),
                                  parsed, error);
        }
    }
    wxs_db_done(row);
    wxs_seal_key_clear(&link_key);
    if (is_signer == 0)
        *signer = 0;
    return step >= 0 && is_signer >= 0;
}

static bool
refuse_signed(const wxs_token *token, wxs_error *error)
{
    static const uint8_t none[WXS_MESSAGE_ID_SIZE];
    char id[WXS_UUID_TEXT];

    if (memcmp(token->message_id, none, sizeof none) == 0)
        return wxs_fail(error,
                        "this is a signed link, which is stored nowhere and "
                        "has no id, and it belongs to no message: only "
                        "`waxseal kill domain` can withdraw it");
    wxs_uuid_format(token->message_id, id);
    return wxs_fail(error,
                    "this is a signed link, which is stored nowhere and has "
                    "no id: withdraw its message with `waxseal kill message "
                    "%s`",
                    id);
}

static bool
find_by_url(wxs_db *control, const char *dir, const char *url, int64_t *id,
            wxs_error *error)
{
    static wxs_token_parsed parsed;
    int64_t signer;
    parts found;

    if (!split(url, &found, error))
        return false;
    if (wxs_token_parse(WXS_TOKEN_CLICK, found.token, found.token_len,
                        &parsed) != WXS_OK)
        return wxs_fail(error, "the link is damaged");
    if (!find_signer(control, dir, found.host, &parsed, &signer, error))
        return false;
    if (signer == 0)
        return wxs_fail(error, "no domain of %s has made this link",
                        found.host);
    if (!parsed.token.is_table)
        return refuse_signed(&parsed.token, error);
    *id = (int64_t)parsed.token.link_id;
    return true;
}

bool
wxs_link_find(wxs_db *control, const char *dir, const char *what, int64_t *id,
              wxs_error *error)
{
    size_t len = strlen(what);

    if (len == 0 || len > ID_LENGTH || strspn(what, ID_DIGITS) != len)
        return find_by_url(control, dir, what, id, error);
    *id = strtoll(what, NULL, 10);
    return true;
}
