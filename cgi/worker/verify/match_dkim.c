#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <string.h>
#include <strings.h>

#include "match_kinds.h"
#include "tags.h"

/* DKIM key records, RFC 6376 3.6.1, 3.6.2.2; RFC 8301; RFC 8463. */

#define KEY_TEXT_MAX 6000
#define KEY_MAX      (KEY_TEXT_MAX / 4 * 3)

typedef struct {
    char text[KEY_TEXT_MAX]; /* base64 without white space and padding */
    size_t text_length;
    unsigned char bytes[KEY_MAX];
    size_t length;
} key;

/* ---- base64 ---- */

static int
sextet(char c)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                 "abcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *at = c == '\0' ? NULL : strchr(digits, c);

    return at == NULL ? -1 : (int)(at - digits);
}

/* Without the folding white space that RFC 6376 allows anywhere, and without
 * the padding, which panels drop. False if it is too long. */
static bool
bare_text(wxs_span p, key *out)
{
    out->text_length = 0;
    for (size_t i = 0; i < p.length; i++) {
        if (strchr(" \t\r\n", p.data[i]) != NULL && p.data[i] != '\0') {
            continue;
        }
        if (out->text_length == sizeof out->text) {
            return false;
        }
        out->text[out->text_length++] = p.data[i];
    }
    for (int i = 0; i < 2 && out->text_length > 0 &&
                    out->text[out->text_length - 1] == '=';
         i++) {
        out->text_length--;
    }
    return true;
}

static bool
decode(key *k)
{
    unsigned bits = 0;
    int have = 0;

    k->length = 0;
    if (k->text_length % 4 == 1) {
        return false;
    }
    for (size_t i = 0; i < k->text_length; i++) {
        int value = sextet(k->text[i]);

        if (value < 0) {
            return false;
        }
        bits = (bits << 6 | (unsigned)value) & 0xffff;
        have += 6;
        if (have >= 8) {
            have -= 8;
            k->bytes[k->length++] = (unsigned char)(bits >> have);
        }
    }
    return true;
}

/* False if there is no key to compare. */
static bool
read_key(wxs_span p, key *k)
{
    return p.data != NULL && bare_text(p, k) && decode(k) && k->length > 0;
}

static bool
same_key(const key *a, const key *b)
{
    return a->length == b->length && memcmp(a->bytes, b->bytes, a->length) == 0;
}

/* ---- a record with our key ---- */

static void
judge_flags(const wxs_expected *expected, const wxs_tags *tags,
            const wxs_tags *ours, wxs_verdict *verdict)
{
    wxs_span type = wxs_tags_get(tags, "k");
    wxs_span our_type = wxs_tags_get(ours, "k");
    wxs_span hashes = wxs_tags_get(tags, "h");
    wxs_span services = wxs_tags_get(tags, "s");
    wxs_span version = wxs_tags_get(tags, "v");
    bool edwards = wxs_span_is(our_type, "ed25519");

    if (version.data != NULL && (!wxs_span_is(version, "DKIM1") ||
                                 !wxs_span_is(tags->tag[0].name, "v"))) {
        wxs_verdict_set(verdict, WXS_WRONG, "dkim_syntax");
        wxs_verdict_say(verdict, "The key is right, but receivers ignore a "
                                 "record that does not begin with v=DKIM1.");
        wxs_verdict_fix(verdict, "Replace the value with the one shown.");
    } else if (!wxs_span_is(type, edwards ? "ed25519" : "rsa") &&
               (type.data != NULL || edwards)) {
        wxs_verdict_set(verdict, WXS_WRONG, "dkim_key_type");
        wxs_verdict_say(verdict,
                        "The key is right, but its type k=%.*s is "
                        "not.",
                        (int)(type.length > 32 ? 32 : type.length),
                        type.data == NULL ? "" : type.data);
        wxs_verdict_fix(verdict, "Paste the value as shown.");
    } else if (hashes.data != NULL && !wxs_span_lists(hashes, "sha256")) {
        wxs_verdict_set(verdict, WXS_WRONG, "dkim_sha1");
        wxs_verdict_say(verdict, "The record's h= tag does not allow SHA-256, "
                                 "the only hash receivers accept.");
        wxs_verdict_fix(verdict, "Remove the h= tag.");
    } else if (services.data != NULL && !wxs_span_lists(services, "*") &&
               !wxs_span_lists(services, "email")) {
        wxs_verdict_set(verdict, WXS_WRONG, "dkim_service");
        wxs_verdict_say(verdict, "The record's s= tag does not allow email.");
        wxs_verdict_fix(verdict, "Remove the s= tag.");
    } else if (wxs_span_lists(wxs_tags_get(tags, "t"), "y")) {
        wxs_verdict_set(verdict, WXS_SATISFIED, "dkim_testing");
        wxs_verdict_say(verdict,
                        "The key at %s is right; t=y tells receivers "
                        "that it is only being tested.",
                        expected->fqdn);
        wxs_verdict_fix(verdict, "Remove t=y once mail is signed correctly.");
    } else {
        wxs_verdict_set(verdict, WXS_SATISFIED, "ok");
        wxs_verdict_say(verdict,
                        "The key at %s is right, though the record "
                        "is written differently.",
                        expected->fqdn);
    }
}

/* ---- a record with another key ---- */

static bool
is_private(const key *k)
{
    const unsigned char *p = k->bytes;
    EVP_PKEY *pkey = d2i_AutoPrivateKey(NULL, &p, (long)k->length);
    bool found = pkey != NULL;

    EVP_PKEY_free(pkey);
    ERR_clear_error();
    return found;
}

static void
explain_other(const key *found, wxs_verdict *verdict)
{
    const unsigned char *p = found->bytes;
    EVP_PKEY *pkey = d2i_PUBKEY(NULL, &p, (long)found->length);
    int bits = pkey == NULL ? 0 : EVP_PKEY_bits(pkey);
    bool rsa = pkey != NULL && EVP_PKEY_base_id(pkey) == EVP_PKEY_RSA;

    EVP_PKEY_free(pkey);
    ERR_clear_error();
    if (rsa && bits <= 1024) {
        wxs_verdict_set(verdict, WXS_WRONG, "dkim_short_key");
        wxs_verdict_say(verdict,
                        "Another key is published: RSA with %d bits "
                        "only, not ours with 2048.",
                        bits);
    } else if (rsa) {
        wxs_verdict_set(verdict, WXS_WRONG, "dkim_other_key");
        wxs_verdict_say(verdict,
                        "Another key is published: RSA with %d bits, "
                        "but not ours.",
                        bits);
    } else {
        wxs_verdict_set(verdict, WXS_WRONG, "dkim_other_key");
        wxs_verdict_say(verdict, "The published key is not ours.");
    }
    wxs_verdict_fix(verdict, "Replace the value with the one shown. It is "
                             "often the key of an earlier set-up or of another "
                             "account.");
}

static void
judge_other(const wxs_tags *tags, const key *ours, wxs_verdict *verdict)
{
    key found;
    wxs_span p = wxs_tags_get(tags, "p");
    wxs_span type = wxs_tags_get(tags, "k");

    if (!bare_text(p, &found)) {
        found.text_length = 0;
        wxs_verdict_set(verdict, WXS_WRONG, "dkim_other_key");
        wxs_verdict_say(verdict, "The published key is not ours: it is too "
                                 "long for any.");
        wxs_verdict_fix(verdict, "Replace the value with the one shown.");
    } else if (found.text_length == 0) {
        wxs_verdict_set(verdict, WXS_WRONG, "dkim_revoked");
        wxs_verdict_say(verdict, "The record's p= is empty, which tells "
                                 "receivers that the key was revoked.");
        wxs_verdict_fix(verdict, "Paste the whole value shown.");
    } else if (found.text_length < ours->text_length &&
               memcmp(found.text, ours->text, found.text_length) == 0) {
        wxs_verdict_set(verdict, WXS_WRONG, "dkim_truncated");
        wxs_verdict_say(verdict,
                        "The key was cut off: %zu of its %zu "
                        "characters are there.",
                        found.text_length, ours->text_length);
        wxs_verdict_fix(verdict, "Store the value whole: as two strings of at "
                                 "most 255 characters in one record, if the "
                                 "DNS provider cannot do it by itself.");
    } else if (found.text_length == ours->text_length &&
               strncasecmp(found.text, ours->text, found.text_length) == 0) {
        wxs_verdict_set(verdict, WXS_WRONG, "dkim_case_changed");
        wxs_verdict_say(verdict, "The key's letters changed between upper and "
                                 "lower case, which destroys it.");
        wxs_verdict_fix(verdict, "Enter the value anew; if the DNS provider "
                                 "changes it again, use its API or support.");
    } else if (!decode(&found)) {
        wxs_verdict_set(verdict, WXS_WRONG, "dkim_bad_base64");
        wxs_verdict_say(verdict, "The record's p= holds characters that no "
                                 "key has.");
        wxs_verdict_fix(verdict, "Replace the value with the one shown.");
    } else if (is_private(&found)) {
        wxs_verdict_set(verdict, WXS_WRONG, "dkim_private_key");
        wxs_verdict_say(verdict, "A private key is published. Everyone can "
                                 "sign with it: never use it again.");
        wxs_verdict_fix(verdict, "Replace the value with the one shown, and "
                                 "replace that key wherever it is in use.");
    } else if (wxs_span_is(type, "ed25519") != (found.length == 32)) {
        wxs_verdict_set(verdict, WXS_WRONG, "dkim_key_type");
        wxs_verdict_say(verdict, "The record's k= tag does not fit its key, "
                                 "and the key is not ours.");
        wxs_verdict_fix(verdict, "Paste the value as shown.");
    } else {
        explain_other(&found, verdict);
    }
}

static void
judge_value(const wxs_expected *expected, const wxs_dns_value *value,
            wxs_verdict *verdict)
{
    const char *text = (const char *)value->data;
    wxs_tags ours_tags;
    wxs_tags tags;
    key ours;
    key found;
    bool parsed = wxs_tags_parse(text, value->length, &tags);

    if (!wxs_tags_parse(expected->value, strlen(expected->value), &ours_tags) ||
        !read_key(wxs_tags_get(&ours_tags, "p"), &ours)) {
        wxs_verdict_set(verdict, WXS_TEMP, "check_incomplete");
        wxs_verdict_say(verdict, "The expected value holds no key.");
    } else if (value->length == strlen(expected->value) &&
               memcmp(text, expected->value, value->length) == 0) {
        wxs_verdict_set(verdict, WXS_EXACT, "ok");
        wxs_verdict_say(verdict, "The record at %s is as shown.",
                        expected->fqdn);
    } else if (parsed && read_key(wxs_tags_get(&tags, "p"), &found) &&
               same_key(&ours, &found)) {
        judge_flags(expected, &tags, &ours_tags, verdict);
        if (!wxs_class_good(verdict->class)) {
            (void)wxs_match_pasted(expected, value, verdict);
        }
    } else if (memmem(text, value->length, "-----", 5) != NULL) {
        wxs_verdict_set(verdict, WXS_WRONG, "dkim_pem");
        wxs_verdict_say(verdict, "The value holds the header or footer lines "
                                 "of a key file.");
        wxs_verdict_fix(verdict, "Replace the value with the one shown.");
    } else if (wxs_match_pasted(expected, value, verdict)) {
        return;
    } else if (!parsed || wxs_tags_get(&tags, "p").data == NULL) {
        wxs_verdict_set(verdict, WXS_WRONG, "dkim_syntax");
        wxs_verdict_say(verdict, "The value is not a DKIM key record: %s.",
                        parsed ? "it has no p= tag"
                               : "it is no list of tags such as v=DKIM1; p=");
        wxs_verdict_fix(verdict, "Replace the value with the one shown.");
    } else {
        judge_other(&tags, &ours, verdict);
    }
}

/* ---- several records ---- */

/* Do the two, one behind the other, make our record? */
static bool
halves(const wxs_expected *expected, const wxs_dns_value *a,
       const wxs_dns_value *b)
{
    size_t length = strlen(expected->value);

    return a->length + b->length == length && a->length > 0 && b->length > 0 &&
           memcmp(expected->value, a->data, a->length) == 0 &&
           memcmp(expected->value + a->length, b->data, b->length) == 0;
}

static void
judge_several(const wxs_expected *expected, const wxs_dns_answer *answer,
              wxs_verdict *verdict)
{
    const wxs_dns_value *value = answer->value;

    if (answer->count == 2 && (halves(expected, &value[0], &value[1]) ||
                               halves(expected, &value[1], &value[0]))) {
        wxs_verdict_set(verdict, WXS_CONFLICT, "dkim_split_records");
        wxs_verdict_say(verdict, "The value was split into two records.");
        wxs_verdict_fix(verdict, "Make it one record with two strings: "
                                 "\"...\" \"...\".");
        return;
    }
    for (size_t i = 0; i < answer->count; i++) {
        judge_value(expected, &value[i], verdict);
        if (wxs_class_good(verdict->class)) {
            wxs_verdict_set(verdict, WXS_CONFLICT, "dkim_extra_record");
            wxs_verdict_say(verdict,
                            "%zu TXT records stand at %s; receivers may pick "
                            "the wrong one.",
                            answer->count, expected->fqdn);
            wxs_verdict_fix(verdict, "Delete all but the one shown.");
            return;
        }
    }
    judge_value(expected, &value[0], verdict);
}

static void
judge_values(const wxs_expected *expected, const wxs_dns_answer *answer,
             wxs_verdict *verdict)
{
    for (size_t i = 0; i < answer->count; i++) {
        wxs_verdict_found(verdict, answer->value[i].data,
                          answer->value[i].length);
    }
    if (answer->count > 1) {
        judge_several(expected, answer, verdict);
    } else {
        judge_value(expected, &answer->value[0], verdict);
    }
}

/* A delegated key: whatever the CNAME leads to counts. */
static void
judge_alias(const wxs_expected *expected, const wxs_dns_answer *answer,
            const wxs_beyond *beyond, wxs_verdict *verdict)
{
    const wxs_dns_answer *text = beyond == NULL ? NULL : beyond->text;

    if (answer->count > 0) {
        text = answer;
    }
    if (text == NULL || !wxs_dns_definite(text->outcome)) {
        wxs_verdict_set(verdict, WXS_TEMP, "alias_unknown");
        wxs_verdict_say(verdict,
                        "%s is a CNAME to %s, of which nothing is known now.",
                        expected->fqdn, answer->alias);
        wxs_verdict_fix(verdict, "Nothing to do: the check is repeated.");
    } else if (text->count == 0) {
        wxs_verdict_set(verdict, WXS_WRONG, "dkim_alias_empty");
        wxs_verdict_found(verdict, answer->alias, strlen(answer->alias));
        wxs_verdict_say(verdict,
                        "%s is a CNAME to %s, where no TXT record stands.",
                        expected->fqdn, answer->alias);
        wxs_verdict_fix(verdict, "Delete the CNAME record and add a TXT "
                                 "record with the value shown.");
    } else {
        judge_values(expected, text, verdict);
        if (verdict->class == WXS_EXACT) {
            verdict->class = WXS_SATISFIED;
        }
    }
}

void
wxs_match_dkim(const wxs_expected *expected, const wxs_dns_answer *answer,
               const wxs_beyond *beyond, wxs_verdict *verdict)
{
    if (answer->outcome == WXS_DNS_DATA && answer->alias != NULL) {
        judge_alias(expected, answer, beyond, verdict);
    } else if (!wxs_match_absent(expected, answer, "TXT", verdict)) {
        judge_values(expected, answer, verdict);
    }
}
