#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "match_kinds.h"

/* ---- verdicts ---- */

void
wxs_verdict_set(wxs_verdict *verdict, wxs_class class, const char *code)
{
    verdict->class = class;
    verdict->code = code;
}

/* Sentences may quote what was found, which can be any bytes. */
static void
make_printable(char *text)
{
    for (; *text != '\0'; text++) {
        if ((unsigned char)*text < 0x20 || (unsigned char)*text > 0x7e) {
            *text = '?';
        }
    }
}

void
wxs_verdict_say(wxs_verdict *verdict, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(verdict->message, sizeof verdict->message, format,
                    arguments);
    va_end(arguments);
    make_printable(verdict->message);
}

void
wxs_verdict_fix(wxs_verdict *verdict, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(verdict->fix, sizeof verdict->fix, format, arguments);
    va_end(arguments);
    make_printable(verdict->fix);
}

/* The bytes of the UTF-8 sequence at data, and its code point; 0 if it is
 * none (overlong forms and surrogates are not told apart: it is for display).
 */
static size_t
utf8_sequence(const unsigned char *data, size_t length, unsigned *point)
{
    size_t n = data[0] >= 0xf0 ? 4 : data[0] >= 0xe0 ? 3 : 2;

    if (data[0] < 0xc2 || data[0] > 0xf4 || n > length) {
        return 0;
    }
    *point = data[0] & (0x7fu >> n);
    for (size_t i = 1; i < n; i++) {
        if ((data[i] & 0xc0) != 0x80) {
            return 0;
        }
        *point = *point << 6 | (data[i] & 0x3fu);
    }
    return n;
}

void
wxs_verdict_found(wxs_verdict *verdict, const void *data, size_t length)
{
    const unsigned char *bytes = data;
    size_t used = 0;

    if (verdict->found_count == WXS_FOUND_MAX) {
        return;
    }
    char *to = verdict->found[verdict->found_count++];

    for (size_t i = 0; i < length;) {
        unsigned point = 0;
        size_t n = 1;

        if (used + 16 > WXS_FOUND_TEXT) {
            memcpy(to + used, "...", 3);
            used += 3;
            break;
        }
        if (bytes[i] >= 0x20 && bytes[i] < 0x7f) {
            to[used++] = (char)bytes[i];
        } else if ((n = utf8_sequence(bytes + i, length - i, &point)) > 0) {
            used += (size_t)snprintf(to + used, 12, "U+%04X", point);
        } else {
            n = 1;
            used += (size_t)snprintf(to + used, 12, "\\x%02x", bytes[i]);
        }
        i += n;
    }
    to[used] = '\0';
}

/* ---- names ---- */

static size_t
bare_length(const char *name)
{
    size_t length = strlen(name);

    return length > 1 && name[length - 1] == '.' ? length - 1 : length;
}

bool
wxs_match_names(const char *a, const char *b)
{
    size_t length = bare_length(a);

    return length == bare_length(b) && strncasecmp(a, b, length) == 0;
}

bool
wxs_match_relative(const char *ours, const char *fqdn, const char *found)
{
    size_t length = bare_length(ours);

    if (strncasecmp(found, ours, length) != 0 || found[length] != '.') {
        return false;
    }
    const char *zone = found + length + 1;

    for (const char *p = fqdn; p != NULL; p = strchr(p, '.')) {
        p += p != fqdn;
        if (wxs_match_names(p, zone)) {
            return true;
        }
    }
    return false;
}

/* ---- nothing known, nothing there ---- */

void
wxs_match_unknown(const char *name, wxs_verdict *verdict)
{
    wxs_verdict_set(verdict, WXS_TEMP, "beyond_unknown");
    wxs_verdict_say(verdict,
                    "The record depends on %s, of which nothing is known now.",
                    name);
    wxs_verdict_fix(verdict, "Nothing to do: the check is repeated.");
}

bool
wxs_match_absent(const wxs_expected *expected, const wxs_dns_answer *answer,
                 const char *type, wxs_verdict *verdict)
{
    if (answer->outcome == WXS_DNS_DATA && answer->alias != NULL) {
        wxs_verdict_set(verdict, WXS_CONFLICT, "cname_conflict");
        wxs_verdict_found(verdict, answer->alias, strlen(answer->alias));
        wxs_verdict_say(verdict,
                        "A CNAME record stands at %s where a %s record is "
                        "expected; beside a CNAME no other record can exist.",
                        expected->fqdn, type);
        wxs_verdict_fix(verdict,
                        "Delete the CNAME record at %s and add the %s record.",
                        expected->fqdn, type);
        return true;
    }
    if (answer->outcome == WXS_DNS_DATA && answer->count > 0) {
        return false;
    }
    wxs_verdict_set(verdict, WXS_MISSING, "missing");
    wxs_verdict_say(verdict,
                    answer->outcome == WXS_DNS_NXDOMAIN
                        ? "The name %s does not exist; a %s record is expected "
                          "there."
                        : "No %s record is found at %s.",
                    answer->outcome == WXS_DNS_NXDOMAIN ? expected->fqdn : type,
                    answer->outcome == WXS_DNS_NXDOMAIN ? type
                                                        : expected->fqdn);
    wxs_verdict_fix(verdict, "Add a %s record at %s with the value shown.",
                    type, expected->fqdn);
    return true;
}

/* ---- TXT values that went wrong while pasting ---- */

static bool
not_ascii(const wxs_dns_value *value, wxs_verdict *verdict)
{
    for (size_t i = 0; i < value->length; i++) {
        unsigned point = 0;
        unsigned char c = value->data[i];

        if (c < 0x80) {
            continue;
        }
        wxs_verdict_set(verdict, WXS_WRONG, "txt_not_ascii");
        if (utf8_sequence(value->data + i, value->length - i, &point) > 0) {
            wxs_verdict_say(verdict,
                            "The value has the character U+%04X at position "
                            "%zu; receivers read ASCII only.",
                            point, i + 1);
        } else {
            wxs_verdict_say(verdict,
                            "The value has the byte 0x%02x at position %zu; "
                            "receivers read ASCII only.",
                            c, i + 1);
        }
        wxs_verdict_fix(verdict, "Type the value anew, or copy it from here "
                                 "without a word processor in between.");
        return true;
    }
    return false;
}

static bool
quoted(const wxs_dns_value *value, wxs_verdict *verdict)
{
    if (value->length == 0 ||
        (value->data[0] != '"' && value->data[value->length - 1] != '"')) {
        return false;
    }
    wxs_verdict_set(verdict, WXS_WRONG, "txt_literal_quotes");
    wxs_verdict_say(verdict, "The value was stored with quotation marks as "
                             "part of it.");
    wxs_verdict_fix(verdict, "Remove the quotation marks: this DNS provider "
                             "adds them itself.");
    return true;
}

static bool
escaped(const wxs_dns_value *value, wxs_verdict *verdict)
{
    if (memmem(value->data, value->length, "\\;", 2) == NULL) {
        return false;
    }
    wxs_verdict_set(verdict, WXS_WRONG, "txt_backslashes");
    wxs_verdict_say(verdict, "The value was stored with backslashes before "
                             "its semicolons.");
    wxs_verdict_fix(verdict, "Remove the backslashes.");
    return true;
}

/* Is it what remains of the expected value without its spaces? */
static bool
spaces_lost(const wxs_expected *expected, const wxs_dns_value *value,
            wxs_verdict *verdict)
{
    size_t at = 0;

    if (memchr(value->data, ' ', value->length) != NULL ||
        strchr(expected->value, ' ') == NULL ||
        expected->kind == WXS_RECORD_DKIM) {
        return false; /* a tag list means the same without spaces */
    }
    for (const char *p = expected->value; *p != '\0'; p++) {
        if (*p == ' ') {
            continue;
        }
        if (at == value->length || value->data[at] != (unsigned char)*p) {
            return false;
        }
        at++;
    }
    if (at != value->length) {
        return false;
    }
    wxs_verdict_set(verdict, WXS_WRONG, "txt_spaces_lost");
    wxs_verdict_say(verdict, "The spaces of the value were lost: its words "
                             "were stored as strings of their own.");
    wxs_verdict_fix(verdict,
                    "Put the value in quotation marks in the zone file.");
    return true;
}

/* Does the value's beginning look like a TTL, or a TTL and a class? */
static bool
is_number(const unsigned char *data, size_t length)
{
    bool digits = false;

    for (size_t i = 0; i < length; i++) {
        digits = digits || (data[i] >= '0' && data[i] <= '9');
        if (strchr("0123456789smhdwINTX \t\"", data[i]) == NULL) {
            return false;
        }
    }
    return digits && data[0] >= '0' && data[0] <= '9';
}

static bool
name_in_value(const wxs_expected *expected, const wxs_dns_value *value,
              wxs_verdict *verdict)
{
    size_t length = strlen(expected->value);

    if (value->length <= length || memcmp(value->data + value->length - length,
                                          expected->value, length) != 0) {
        return false;
    }
    if (is_number(value->data, value->length - length)) {
        wxs_verdict_set(verdict, WXS_WRONG, "txt_number_in_value");
        wxs_verdict_say(verdict, "A number was entered before the value, such "
                                 "as a TTL or a priority.");
        wxs_verdict_fix(verdict, "Paste the value alone; TTL and priority have "
                                 "fields of their own.");
        return true;
    }
    wxs_verdict_set(verdict, WXS_WRONG, "txt_name_in_value");
    wxs_verdict_say(verdict, "Something was entered before the value, such as "
                             "the record's name or type.");
    wxs_verdict_fix(verdict, "Paste the value alone into the value field.");
    return true;
}

static bool
cut_short(const wxs_expected *expected, const wxs_dns_value *value,
          wxs_verdict *verdict)
{
    const char *semicolon = strchr(expected->value, ';');

    if (semicolon == NULL ||
        value->length != (size_t)(semicolon - expected->value) ||
        memcmp(value->data, expected->value, value->length) != 0) {
        return false;
    }
    wxs_verdict_set(verdict, WXS_WRONG, "txt_cut_at_semicolon");
    wxs_verdict_say(verdict, "The value ends before its first semicolon, "
                             "where zone files begin a comment.");
    wxs_verdict_fix(verdict,
                    "Put the value in quotation marks in the zone file.");
    return true;
}

bool
wxs_match_pasted(const wxs_expected *expected, const wxs_dns_value *value,
                 wxs_verdict *verdict)
{
    return not_ascii(value, verdict) || quoted(value, verdict) ||
           escaped(value, verdict) || cut_short(expected, value, verdict) ||
           spaces_lost(expected, value, verdict) ||
           name_in_value(expected, value, verdict);
}
