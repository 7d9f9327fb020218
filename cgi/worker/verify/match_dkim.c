#include <string.h>
#include <strings.h>

#include "dkim_key.h"
#include "match_kinds.h"
#include "tags.h"

/* DKIM key records, RFC 6376 3.6.1, 3.6.2.2; RFC 8301; RFC 8463. */

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
    } else if (wxs_span_lists(wxs_tags_get(tags, "t"), "s")) {
        wxs_verdict_set(verdict, WXS_SATISFIED, "dkim_strict");
        wxs_verdict_say(verdict,
                        "The key at %s is right; t=s makes it invalid for "
                        "senders at subdomains.",
                        expected->fqdn);
        wxs_verdict_fix(verdict, "Remove t=s if mail is sent from subdomains.");
    } else {
        wxs_verdict_set(verdict, WXS_SATISFIED, "ok");
        wxs_verdict_say(verdict,
                        "The key at %s is right, though the record "
                        "is written differently.",
                        expected->fqdn);
    }
}

/* ---- a record with another key ---- */

static void
explain_other(const wxs_dkim_key *found, const wxs_dkim_key *ours,
              wxs_verdict *verdict)
{
    char theirs[WXS_FINGERPRINT];
    char own[WXS_FINGERPRINT];
    unsigned bits = wxs_dkim_key_rsa_bits(found);

    wxs_dkim_key_fingerprint(found, theirs);
    wxs_dkim_key_fingerprint(ours, own);
    if (bits > 0 && bits <= 1024) {
        wxs_verdict_set(verdict, WXS_WRONG, "dkim_short_key");
        wxs_verdict_say(verdict,
                        "Another key is published: RSA with %u bits only, "
                        "which receivers distrust. Its fingerprint is %s, "
                        "ours is %s.",
                        bits, theirs, own);
    } else {
        wxs_verdict_set(verdict, WXS_WRONG, "dkim_other_key");
        wxs_verdict_say(verdict,
                        "Another key is published: its fingerprint is %s, "
                        "ours is %s.",
                        theirs, own);
    }
    wxs_verdict_fix(verdict, "Replace the value with the one shown. It is "
                             "often the key of an earlier set-up or of another "
                             "account.");
}

/* Is what is there a part of our key? Panels cut values at 255 bytes, or keep
 * the last of several strings. */
static bool
judge_part(const wxs_expected *expected, const wxs_dns_value *value,
           const wxs_dkim_key *found, const wxs_dkim_key *ours,
           wxs_verdict *verdict)
{
    size_t missing = ours->text_length - found->text_length;

    if (found->text_length >= ours->text_length ||
        memcmp(found->text, ours->text, found->text_length) != 0) {
        return false;
    }
    wxs_verdict_set(verdict, WXS_WRONG, "dkim_truncated");
    wxs_verdict_say(verdict,
                    "The value was cut after byte %zu: the last %zu of the "
                    "key's %zu characters are missing.",
                    value->length, missing, ours->text_length);
    wxs_verdict_fix(verdict,
                    "Store all %zu bytes of the value: as two strings of at "
                    "most 255 in one record, if the DNS provider does not "
                    "split it by itself.",
                    strlen(expected->value));
    return true;
}

/* Only the end of our value, such as the second of two strings. */
static bool
judge_tail(const wxs_expected *expected, const wxs_dns_value *value,
           wxs_verdict *verdict)
{
    size_t length = strlen(expected->value);

    if (value->length < 8 || value->length >= length ||
        memcmp(expected->value + length - value->length, value->data,
               value->length) != 0) {
        return false;
    }
    wxs_verdict_set(verdict, WXS_WRONG, "dkim_truncated");
    wxs_verdict_say(verdict,
                    "Only the last %zu of the value's %zu bytes are there; "
                    "the first string was lost.",
                    value->length, length);
    wxs_verdict_fix(verdict, "Store the whole value in one record: \"...\" "
                             "\"...\".");
    return true;
}

static bool
judge_letters(const wxs_dkim_key *found, const wxs_dkim_key *ours,
              wxs_verdict *verdict)
{
    if (found->text_length != ours->text_length ||
        strncasecmp(found->text, ours->text, found->text_length) != 0) {
        return false;
    }
    wxs_verdict_set(verdict, WXS_WRONG, "dkim_case_changed");
    wxs_verdict_say(verdict, "The key's letters changed between upper and "
                             "lower case, which destroys it.");
    wxs_verdict_fix(verdict, "Enter the value anew; if the DNS provider "
                             "changes it again, use its API, another browser "
                             "or its support.");
    return true;
}

static void
judge_other(const wxs_expected *expected, const wxs_dns_value *value,
            const wxs_tags *tags, const wxs_dkim_key *ours,
            wxs_verdict *verdict)
{
    wxs_dkim_key found;
    wxs_span type = wxs_tags_get(tags, "k");
    bool fits = wxs_dkim_key_text(wxs_tags_get(tags, "p"), &found);

    if (fits && found.text_length == 0) {
        wxs_verdict_set(verdict, WXS_WRONG, "dkim_revoked");
        wxs_verdict_say(verdict, "The record's p= is empty, which tells "
                                 "receivers that the key was revoked.");
        wxs_verdict_fix(verdict, "Paste the whole value shown.");
    } else if (fits && (judge_part(expected, value, &found, ours, verdict) ||
                        judge_letters(&found, ours, verdict))) {
        return;
    } else if (!fits || !wxs_dkim_key_decode(&found)) {
        wxs_verdict_set(verdict, WXS_WRONG, "dkim_bad_base64");
        wxs_verdict_say(verdict, "The record's p= is no key: it holds "
                                 "characters that no key has, or too many.");
        wxs_verdict_fix(verdict, "Replace the value with the one shown.");
    } else if (wxs_dkim_key_private(&found)) {
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
        explain_other(&found, ours, verdict);
    }
}

static void
judge_value(const wxs_expected *expected, const wxs_dns_value *value,
            wxs_verdict *verdict)
{
    const char *text = (const char *)value->data;
    wxs_tags ours_tags;
    wxs_tags tags;
    wxs_dkim_key ours;
    wxs_dkim_key found;
    bool parsed = wxs_tags_parse(text, value->length, &tags);

    if (!wxs_tags_parse(expected->value, strlen(expected->value), &ours_tags) ||
        !wxs_dkim_key_read(wxs_tags_get(&ours_tags, "p"), &ours)) {
        wxs_verdict_set(verdict, WXS_TEMP, "check_incomplete");
        wxs_verdict_say(verdict, "The expected value holds no key.");
    } else if (value->length == strlen(expected->value) &&
               memcmp(text, expected->value, value->length) == 0) {
        wxs_verdict_set(verdict, WXS_EXACT, "ok");
        wxs_verdict_say(verdict, "The record at %s is as shown.",
                        expected->fqdn);
    } else if (parsed && wxs_dkim_key_read(wxs_tags_get(&tags, "p"), &found) &&
               wxs_dkim_key_same(&ours, &found)) {
        judge_flags(expected, &tags, &ours_tags, verdict);
        if (!wxs_class_good(verdict->class)) {
            (void)wxs_match_pasted(expected, value, verdict);
        }
    } else if (memmem(text, value->length, "-----", 5) != NULL) {
        wxs_verdict_set(verdict, WXS_WRONG, "dkim_pem");
        wxs_verdict_say(verdict, "The value holds the header or footer lines "
                                 "of a key file.");
        wxs_verdict_fix(verdict, "Replace the value with the one shown.");
    } else if (wxs_match_pasted(expected, value, verdict) ||
               (!parsed && judge_tail(expected, value, verdict))) {
        return;
    } else if (!parsed || wxs_tags_get(&tags, "p").data == NULL) {
        wxs_verdict_set(verdict, WXS_WRONG, "dkim_syntax");
        wxs_verdict_say(verdict, "The value is not a DKIM key record: %s.",
                        parsed ? "it has no p= tag"
                               : "it is no list of tags such as v=DKIM1; p=");
        wxs_verdict_fix(verdict, "Replace the value with the one shown.");
    } else {
        judge_other(expected, value, &tags, &ours, verdict);
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

/* The one that looks like a key record, to explain what is wrong with it. */
static const wxs_dns_value *
most_telling(const wxs_dns_answer *answer)
{
    wxs_tags tags;

    for (size_t i = 0; i < answer->count; i++) {
        const wxs_dns_value *value = &answer->value[i];

        if (wxs_tags_parse((const char *)value->data, value->length, &tags) &&
            wxs_tags_get(&tags, "p").data != NULL) {
            return value;
        }
    }
    return &answer->value[0];
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
    judge_value(expected, most_telling(answer), verdict);
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
            wxs_world *world, wxs_verdict *verdict)
{
    const wxs_dns_answer *text = answer;

    if (answer->count == 0) {
        text =
            wxs_world_ask(world, WXS_VIA_RESOLVER, answer->alias, WXS_TYPE_TXT);
    }
    if (!wxs_dns_definite(text->outcome)) {
        wxs_match_unknown(answer->alias, verdict);
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
               wxs_world *world, wxs_verdict *verdict)
{
    if (answer->outcome == WXS_DNS_DATA && answer->alias != NULL) {
        judge_alias(expected, answer, world, verdict);
    } else if (!wxs_match_absent(expected, answer, "TXT", verdict)) {
        judge_values(expected, answer, verdict);
    }
}
