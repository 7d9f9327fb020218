#include "names.h"

#include <arpa/inet.h>
#include <idn2.h>
#include <stdio.h>
#include <string.h>

#define INPUT_MAX 1000

typedef struct {
    const char *at;
    size_t len;
} span;

/* What has to go from a pasted URL or address, as part of a sentence. */
typedef struct {
    char text[200];
    size_t len;
} remarks;

static bool
is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static span
trim(span s)
{
    while (s.len > 0 && is_space(s.at[0])) {
        s.at++;
        s.len--;
    }
    while (s.len > 0 && is_space(s.at[s.len - 1]))
        s.len--;
    return s;
}

static bool
has_control(span s)
{
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.at[i];
        if (c < 0x20 || c == 0x7f)
            return true;
    }
    return false;
}

static bool
is_ascii(const char *text)
{
    for (; *text != '\0'; text++) {
        if ((unsigned char)*text >= 0x80)
            return false;
    }
    return true;
}

static bool
is_address(span s)
{
    char text[INET6_ADDRSTRLEN];
    struct in6_addr address;

    if (s.len > 2 && s.at[0] == '[' && s.at[s.len - 1] == ']') {
        s.at++;
        s.len -= 2;
    }
    if (s.len >= sizeof(text))
        return false;
    memcpy(text, s.at, s.len);
    text[s.len] = '\0';
    return inet_pton(AF_INET, text, &address) == 1 ||
           inet_pton(AF_INET6, text, &address) == 1;
}

static void
remark(remarks *r, const char *what)
{
    int n = snprintf(r->text + r->len, sizeof(r->text) - r->len, "%s%s",
                     r->len > 0 ? ", " : "", what);

    if (n > 0 && (size_t)n < sizeof(r->text) - r->len)
        r->len += (size_t)n;
}

static span
cut_scheme(span s, remarks *r)
{
    const char *colon = memmem(s.at, s.len, "://", 3);
    size_t scheme;

    if (colon == NULL)
        return s;
    scheme = (size_t)(colon - s.at);
    if (scheme == 5 && memcmp(s.at, "https", 5) == 0)
        remark(r, "`https://`");
    else if (scheme == 4 && memcmp(s.at, "http", 4) == 0)
        remark(r, "`http://`");
    else
        remark(r, "everything up to `://`");
    return (span){colon + 3, s.len - scheme - 3};
}

/* Cuts the span at the first of the characters in set. */
static span
cut_from(span s, const char *set, const char *what, remarks *r)
{
    for (size_t i = 0; i < s.len; i++) {
        if (strchr(set, s.at[i]) != NULL) {
            remark(r, what);
            s.len = i;
            break;
        }
    }
    return s;
}

static span
cut_pasted(span s, remarks *r)
{
    const char *at;

    s = cut_scheme(s, r);
    s = cut_from(s, "/\\?#", "the path after the name", r);
    at = memrchr(s.at, '@', s.len);
    if (at != NULL) {
        remark(r, "everything up to `@`");
        s.len -= (size_t)(at + 1 - s.at);
        s.at = at + 1;
    }
    s = cut_from(s, ":", "the port with its `:`", r);
    if (s.len >= 2 && s.at[0] == '*' && s.at[1] == '.') {
        remark(r, "`*.`");
        s.at += 2;
        s.len -= 2;
    }
    return s;
}

static void
lower(char *text)
{
    for (; *text != '\0'; text++) {
        if (*text >= 'A' && *text <= 'Z')
            *text = (char)(*text - 'A' + 'a');
    }
}

/* U-labels to A-labels, in the form that RFC 5891 registers (no transitional
 * mappings: faß is not fass). libidn2 checks little else; check_syntax() does
 * the rest. */
static bool
to_ascii(const char *input, char name[WXS_NAME_TEXT], wxs_error *error)
{
    char *converted = NULL;
    size_t len;
    bool ok = false;

    if (is_ascii(input)) {
        len = strlen(input);
    } else {
        if (idn2_to_ascii_8z(input, &converted,
                             IDN2_NONTRANSITIONAL | IDN2_NFC_INPUT) != IDN2_OK)
            return wxs_fail(error, "The `name` field is not a valid "
                                   "internationalised domain name.");
        input = converted;
        len = strlen(converted);
    }
    if (len > WXS_NAME_MAX) {
        wxs_fail(error, "The `name` field is too long: a domain name has at "
                        "most 253 characters.");
        goto out;
    }
    memcpy(name, input, len + 1);
    lower(name);
    ok = true;

out:
    idn2_free(converted);
    return ok;
}

/* An A-label must be the one spelling of the U-label it stands for. */
static bool
is_canonical_label(const char *label, size_t len)
{
    char text[WXS_LABEL_MAX + 1];
    char *unicode = NULL;
    char *back = NULL;
    bool ok;

    if (len < 4 || memcmp(label, "xn--", 4) != 0)
        return true;
    memcpy(text, label, len);
    text[len] = '\0';
    ok =
        idn2_to_unicode_8z8z(text, &unicode, IDN2_NONTRANSITIONAL) == IDN2_OK &&
        idn2_to_ascii_8z(unicode, &back,
                         IDN2_NONTRANSITIONAL | IDN2_NFC_INPUT) == IDN2_OK &&
        strcmp(text, back) == 0;
    idn2_free(unicode);
    idn2_free(back);
    return ok;
}

static bool
is_ldh(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (!((text[i] >= 'a' && text[i] <= 'z') ||
              (text[i] >= '0' && text[i] <= '9') || text[i] == '-'))
            return false;
    }
    return true;
}

static bool
check_label(const char *label, size_t len, wxs_error *error)
{
    if (len == 0)
        return wxs_fail(error, "The `name` field has an empty part: write "
                               "single dots between the parts of the name.");
    if (memchr(label, '_', len) != NULL)
        return wxs_fail(error, "The `name` field must not contain `_`: give "
                               "the domain itself, not one of its records.");
    if (memchr(label, ' ', len) != NULL)
        return wxs_fail(error, "The `name` field must not contain spaces.");
    if (!is_ldh(label, len))
        return wxs_fail(error, "The `name` field may contain only letters, "
                               "digits, hyphens and dots.");
    if (len > WXS_LABEL_MAX)
        return wxs_fail(error, "The `name` field has a part of more than 63 "
                               "characters between its dots.");
    if (label[0] == '-' || label[len - 1] == '-')
        return wxs_fail(error, "No part of the `name` field may begin or end "
                               "with a hyphen.");
    if (!is_canonical_label(label, len))
        return wxs_fail(error, "The `name` field has a part that begins with "
                               "`xn--` but encodes no valid name.");
    return true;
}

static bool
check_syntax(const char *name, wxs_error *error)
{
    const char *label = name;
    size_t labels = 0;
    size_t len;

    if (*name == '\0')
        return wxs_fail(error, "The `name` field holds no domain name.");
    for (;;) {
        len = strcspn(label, ".");
        if (!check_label(label, len, error))
            return false;
        labels++;
        if (label[len] == '\0')
            break;
        label += len + 1;
    }
    if (labels < 2)
        return wxs_fail(error, "The `name` field needs a whole domain name "
                               "with a dot, such as `example.com`.");
    if (strspn(label, "0123456789") == len)
        return wxs_fail(error, "The `name` field must not end in a number: it "
                               "is no domain name.");
    if (strlen(name) > WXS_SENDING_NAME_MAX)
        return wxs_fail(error,
                        "The `name` field is too long: with the names of its "
                        "DNS records in mind, it may have %d characters.",
                        WXS_SENDING_NAME_MAX);
    return true;
}

static bool
clean_plain(span s, char name[WXS_NAME_TEXT], wxs_error *error)
{
    char text[INPUT_MAX + 1];

    if (s.len > 0 && s.at[s.len - 1] == '.')
        s.len--;
    memcpy(text, s.at, s.len);
    text[s.len] = '\0';
    return to_ascii(text, name, error) && check_syntax(name, error);
}

bool
wxs_name_clean(const char *input, size_t len, char name[WXS_NAME_TEXT],
               wxs_error *error)
{
    span whole = trim((span){input, len});
    remarks r = {0};
    span rest;

    if (whole.len > INPUT_MAX)
        return wxs_fail(error, "The `name` field is too long: a domain name "
                               "has at most 253 characters.");
    if (has_control(whole))
        return wxs_fail(error, "The `name` field contains a line break, a tab "
                               "or another control character.");
    if (is_address(whole))
        return wxs_fail(error, "The `name` field is an IP address; a domain "
                               "name such as `example.com` is needed.");
    rest = cut_pasted(whole, &r);
    if (r.len == 0)
        return clean_plain(rest, name, error);
    if (clean_plain(trim(rest), name, NULL))
        return wxs_fail(error,
                        "The `name` field must be the domain name alone: "
                        "remove %s. Did you mean `%s`?",
                        r.text, name);
    return wxs_fail(error,
                    "The `name` field must be the domain name alone: remove "
                    "%s.",
                    r.text);
}

bool
wxs_labels_valid(const char *text, size_t len)
{
    size_t start = 0;

    for (size_t i = 0; i <= len; i++) {
        if (i < len && text[i] != '.')
            continue;
        if (i == start || i - start > WXS_LABEL_MAX ||
            !is_ldh(text + start, i - start) || text[start] == '-' ||
            text[i - 1] == '-')
            return false;
        start = i + 1;
    }
    return true;
}
