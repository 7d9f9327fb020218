#include "dkim_key.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>

static int
sextet(char c)
{
    if (c >= 'A' && c <= 'Z') {
        return c - 'A';
    }
    if (c >= 'a' && c <= 'z') {
        return c - 'a' + 26;
    }
    if (c >= '0' && c <= '9') {
        return c - '0' + 52;
    }
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* RFC 6376 2.8 */
static bool
is_folding(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

bool
wxs_dkim_key_text(wxs_span p, wxs_dkim_key *key)
{
    key->text_length = 0;
    for (size_t i = 0; i < p.length; i++) {
        if (is_folding(p.data[i])) {
            continue;
        }
        if (key->text_length == sizeof key->text) {
            return false;
        }
        key->text[key->text_length++] = p.data[i];
    }
    for (int i = 0; i < 2 && key->text_length > 0 &&
                    key->text[key->text_length - 1] == '=';
         i++) {
        key->text_length--;
    }
    return true;
}

bool
wxs_dkim_key_decode(wxs_dkim_key *key)
{
    unsigned bits = 0;
    int have = 0;

    key->length = 0;
    if (key->text_length % 4 == 1) {
        return false;
    }
    for (size_t i = 0; i < key->text_length; i++) {
        int value = sextet(key->text[i]);

        if (value < 0) {
            return false;
        }
        bits = (bits << 6 | (unsigned)value) & 0xffff;
        have += 6;
        if (have >= 8) {
            have -= 8;
            key->bytes[key->length++] = (unsigned char)(bits >> have);
        }
    }
    return true;
}

bool
wxs_dkim_key_read(wxs_span p, wxs_dkim_key *key)
{
    return p.data != NULL && wxs_dkim_key_text(p, key) &&
           wxs_dkim_key_decode(key) && key->length > 0;
}

bool
wxs_dkim_key_same(const wxs_dkim_key *a, const wxs_dkim_key *b)
{
    return a->length == b->length && memcmp(a->bytes, b->bytes, a->length) == 0;
}

bool
wxs_dkim_key_private(const wxs_dkim_key *key)
{
    const unsigned char *p = key->bytes;
    EVP_PKEY *pair = d2i_AutoPrivateKey(NULL, &p, (long)key->length);
    bool found = pair != NULL;

    EVP_PKEY_free(pair);
    ERR_clear_error();
    return found;
}

unsigned
wxs_dkim_key_rsa_bits(const wxs_dkim_key *key)
{
    const unsigned char *p = key->bytes;
    EVP_PKEY *pair = d2i_PUBKEY(NULL, &p, (long)key->length);
    bool rsa = pair != NULL && EVP_PKEY_base_id(pair) == EVP_PKEY_RSA;
    int bits = rsa ? EVP_PKEY_bits(pair) : 0;

    EVP_PKEY_free(pair);
    ERR_clear_error();
    return bits < 0 ? 0 : (unsigned)bits;
}

void
wxs_dkim_key_fingerprint(const wxs_dkim_key *key, char text[WXS_FINGERPRINT])
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned length = 0;

    text[0] = '\0';
    if (EVP_Digest(key->bytes, key->length, digest, &length, EVP_sha256(),
                   NULL) != 1) {
        return;
    }
    for (int i = 0; i < 8; i++) {
        (void)snprintf(text + (size_t)i * 3, 4, "%02x%s", digest[i],
                       i < 7 ? ":" : "");
    }
}
