#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "match_kinds.h"
#include "spf.h"

/* One SPF record out of several. */

/* Appends the word unless it is there already; false if it does not fit. */
static bool
append_word(char *text, size_t cap, wxs_span word)
{
    wxs_span rest = {text, strlen(text)};
    size_t used = rest.length;
    wxs_span known;

    while (wxs_spf_next(&rest, &known)) {
        if (known.length == word.length &&
            strncasecmp(known.data, word.data, word.length) == 0) {
            return true;
        }
    }
    if (used + word.length + 2 > cap) {
        return false;
    }
    text[used] = ' ';
    memcpy(text + used + 1, word.data, word.length);
    text[used + 1 + word.length] = '\0';
    return true;
}

/* All terms but "all" (which is returned) and what looks like a mistake. */
static bool
append_terms(char *text, size_t cap, wxs_span terms, wxs_span *all)
{
    wxs_span word;

    while (wxs_spf_next(&terms, &word)) {
        wxs_spf_term term = wxs_spf_term_of(word);

        if (wxs_spf_term_is(&term, "all")) {
            *all = word;
        } else if (wxs_spf_term_valid(&term) && !append_word(text, cap, word)) {
            return false;
        }
    }
    return true;
}

static bool
is_ours(const wxs_expected *expected, const wxs_dns_value *value)
{
    return value->length == strlen(expected->value) &&
           memcmp(value->data, expected->value, value->length) == 0;
}

static bool
is_printable(const char *text)
{
    while (*text >= 0x20 && *text < 0x7f) {
        text++;
    }
    return *text == '\0';
}

void
wxs_match_spf_merge(const wxs_expected *expected, const wxs_dns_answer *answer,
                    char text[WXS_FOUND_TEXT])
{
    wxs_dns_value ours = {.length = strlen(expected->value),
                          .data = (unsigned char *)expected->value};
    wxs_span all = {NULL, 0};
    wxs_span kept = {NULL, 0};
    bool ok;

    (void)snprintf(text, WXS_FOUND_TEXT, "%s", WXS_SPF_VERSION);
    ok = wxs_spf_candidate(&ours) &&
         append_terms(text, WXS_FOUND_TEXT, wxs_spf_terms(&ours), &all);
    for (size_t i = 0; i < answer->count; i++) {
        const wxs_dns_value *value = &answer->value[i];

        if (wxs_spf_candidate(value) && !is_ours(expected, value)) {
            ok = ok && append_terms(text, WXS_FOUND_TEXT, wxs_spf_terms(value),
                                    &kept);
        }
    }
    kept = kept.length > 0 ? kept : all;
    ok = ok && (kept.length == 0 || append_word(text, WXS_FOUND_TEXT, kept)) &&
         is_printable(text);
    if (!ok) {
        text[0] = '\0';
    }
}
