#include "export_keys.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <string.h>

#include "box.h"
#include "dkim_pair.h"

#define STRING_MAX 255

static EVP_PKEY *
unseal(const wxs_seal_key *master, const char *id, const uint8_t *sealed,
       int len, wxs_error *error)
{
    uint8_t der[WXS_DKIM_PRIVATE_MAX + WXS_BOX_OVERHEAD];
    char context[WXS_DKIM_CONTEXT_TEXT];
    const uint8_t *p = der;
    EVP_PKEY *key = NULL;
    size_t size = 0;

    wxs_dkim_context(id, context);
    if (len <= 0 || (size_t)len > sizeof(der))
        (void)wxs_fail(error, "it is damaged");
    else if (wxs_box_open(master, context, sealed, (size_t)len, der, &size,
                          error))
        key = d2i_AutoPrivateKey(NULL, &p, (long)size);
    OPENSSL_cleanse(der, sizeof(der));
    return key;
}

static json_t *
pem_json(EVP_PKEY *key)
{
    BIO *bio = BIO_new(BIO_s_secmem());
    json_t *text = NULL;
    char *data;
    long len;

    if (bio != NULL &&
        PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) == 1) {
        len = BIO_get_mem_data(bio, &data);
        text = json_stringn(data, (size_t)len);
    }
    BIO_free(bio);
    return text;
}

/* Base64 of seed and public key in one (RFC 8032, 5.1.5): what libsodium calls
 * a secret key. NULL for other kinds of keys. */
static json_t *
raw_json(EVP_PKEY *key)
{
    uint8_t raw[64];
    char text[89]; /* 4 characters for each 3 bytes, and the end */
    size_t seed = 32, public = 32;
    json_t *json = NULL;

    if (EVP_PKEY_id(key) == EVP_PKEY_ED25519 &&
        EVP_PKEY_get_raw_private_key(key, raw, &seed) == 1 &&
        EVP_PKEY_get_raw_public_key(key, raw + 32, &public) == 1 &&
        EVP_EncodeBlock((uint8_t *)text, raw, sizeof(raw)) > 0)
        json = json_string(text);
    OPENSSL_cleanse(raw, sizeof(raw));
    OPENSSL_cleanse(text, sizeof(text));
    return json;
}

/* One row of the query below. */
static json_t *
key_json(sqlite3_stmt *row, const wxs_seal_key *master, wxs_error *error)
{
    const char *domain = (const char *)sqlite3_column_text(row, 0);
    const char *selector = (const char *)sqlite3_column_text(row, 1);
    const char *id = (const char *)sqlite3_column_text(row, 3);
    bool signs = sqlite3_column_int(row, 5) != 0;
    wxs_error why = {"it is no private key"};
    EVP_PKEY *key = NULL;
    json_t *json;

    if (signs) {
        key = unseal(master, id, sqlite3_column_blob(row, 4),
                     sqlite3_column_bytes(row, 4), &why);
        if (key == NULL) {
            (void)wxs_fail(error, "the key %s of %s cannot be opened: %s",
                           selector, domain, why.text);
            return NULL;
        }
    }
    json = json_pack("{s:s, s:s, s:s, s:b, s:o*, s:o*}", "domain", domain,
                     "selector", selector, "algorithm",
                     (const char *)sqlite3_column_text(row, 2), "signs", signs,
                     "pem", key != NULL ? pem_json(key) : NULL, "raw",
                     key != NULL ? raw_json(key) : NULL);
    EVP_PKEY_free(key);
    if (json == NULL)
        (void)wxs_fail(error, "out of memory");
    return json;
}

json_t *
wxs_export_keys(wxs_db *control, const wxs_seal_key *master, wxs_error *error)
{
    /* more dots first */
    static const char sql[] =
        "SELECT d.name, k.selector, k.algorithm, k.id, k.sealed, "
        "k.state = 'active' FROM dkim_keys k "
        "JOIN domains d ON d.number = k.domain AND d.deleted_at IS NULL "
        "JOIN records r ON r.domain = d.number AND r.kind = 'dkim' "
        "AND substr(r.fqdn, 1, instr(r.fqdn, '.') - 1) = k.selector "
        "WHERE (k.state = 'active' AND r.status = 'verified') "
        "OR k.state = 'retiring' "
        "ORDER BY length(d.name) - length(replace(d.name, '.', '')) DESC, "
        "d.name, k.algorithm DESC, k.selector";
    sqlite3_stmt *row = wxs_db_prepare(control, sql, error);
    json_t *list = json_array();
    int more = -1;

    while (row != NULL && (more = wxs_db_step(control, row, error)) == 1) {
        json_t *key = key_json(row, master, error);

        if (key == NULL) {
            more = -1;
            break;
        }
        (void)json_array_append_new(list, key);
    }
    wxs_db_done(row);
    if (more == 0)
        return list;
    json_decref(list);
    return NULL;
}

static void
print_text(FILE *out, const char *value)
{
    size_t n = 0;

    (void)fputc('"', out);
    for (; *value != '\0'; value++, n++) {
        if (n == STRING_MAX) {
            (void)fputs("\" \"", out);
            n = 0;
        }
        (void)fputc(*value, out);
    }
    (void)fputs("\"\n", out);
}

bool
wxs_export_zone(wxs_db *control, FILE *out, wxs_error *error)
{
    static const char sql[] =
        "SELECT r.value, 'v=DKIM1; k=' || CASE k.algorithm WHEN 'ed25519' "
        "THEN 'ed25519' ELSE 'rsa' END || '; p=' || k.public_key, r.fqdn "
        "FROM records r "
        "JOIN domains d ON d.number = r.domain AND d.deleted_at IS NULL "
        "JOIN dkim_keys k ON k.domain = r.domain "
        "AND k.selector = substr(r.fqdn, 1, instr(r.fqdn, '.') - 1) "
        "WHERE r.kind = 'dkim' AND r.type = 'CNAME' ORDER BY r.value";
    sqlite3_stmt *row = wxs_db_prepare(control, sql, error);
    int more = -1;

    while (row != NULL && (more = wxs_db_step(control, row, error)) == 1) {
        (void)fprintf(out, "; %s\n%s. 300 IN TXT ",
                      (const char *)sqlite3_column_text(row, 2),
                      (const char *)sqlite3_column_text(row, 0));
        print_text(out, (const char *)sqlite3_column_text(row, 1));
    }
    wxs_db_done(row);
    return more == 0;
}
