#include <string.h>

#include "record_text.h"

#define NAME_TEXT 254

/* octoDNS: entries for the zone's file, ZONE.yaml, of its YAML provider. A name
 * stands there once, with a list where it has records of several types.
 * Semicolons of texts are escaped; octoDNS splits long texts itself. */

static void
print_text(FILE *out, const char *value)
{
    (void)fputc('\'', out);
    for (; *value != '\0'; value++) {
        if (*value == '\'')
            (void)fputc('\'', out);
        if (*value == ';')
            (void)fputc('\\', out);
        (void)fputc(*value, out);
    }
    (void)fputs("'\n", out);
}

static void
print_caa_value(FILE *out, const char *text)
{
    wxs_caa_text caa;

    if (!wxs_caa_split(text, &caa))
        return;
    (void)fprintf(out,
                  "      - flags: %d\n        tag: '%.*s'\n        value: '",
                  caa.flags, caa.tag_len, caa.tag);
    for (int i = 0; i < caa.value_len; i++) {
        if (caa.value[i] == '\'')
            (void)fputc('\'', out);
        (void)fputc(caa.value[i], out);
    }
    (void)fputs("'\n", out);
}

static void
print_caa(FILE *out, const wxs_record_text *record)
{
    (void)fputs("    values:\n", out);
    print_caa_value(out, record->value);
    for (size_t i = 0; i < record->besides; i++)
        print_caa_value(out, record->beside[i]);
}

/* In the order of the keys, which octoDNS insists on. */
static void
print_entry(FILE *out, const wxs_record_text *record)
{
    (void)fprintf(out, "  - ttl: %d\n    type: %s\n", WXS_RECORD_TTL,
                  record->type);
    if (strcmp(record->type, "MX") == 0) {
        (void)fprintf(out,
                      "    value:\n      exchange: %s.\n"
                      "      preference: %d\n",
                      record->value, record->priority);
        return;
    }
    if (strcmp(record->type, "CAA") == 0) {
        print_caa(out, record);
        return;
    }
    (void)fputs("    value: ", out);
    if (strcmp(record->type, "TXT") == 0)
        print_text(out, record->value);
    else
        (void)fprintf(out, "%s.\n", record->value);
}

static bool
is_first(const wxs_record_texts *records, size_t i)
{
    for (size_t k = 0; k < i; k++) {
        if (strcmp(records->item[k].fqdn, records->item[i].fqdn) == 0)
            return false;
    }
    return true;
}

/* The name as it stands in the file: the zone itself is empty there. */
static void
short_name(const char *fqdn, const char *zone, char name[NAME_TEXT])
{
    size_t len;
    const char *text = wxs_record_short_name(fqdn, zone, &len);

    if (strcmp(text, "@") == 0 || len >= NAME_TEXT)
        len = 0;
    memcpy(name, text, len);
    name[len] = '\0';
}

/* Numbers in names count as numbers. */
static bool
is_before(const char *a, const char *b, const char *zone)
{
    char first[NAME_TEXT], second[NAME_TEXT];

    short_name(a, zone, first);
    short_name(b, zone, second);
    return strverscmp(first, second) < 0;
}

/* The next name in octoDNS's order, count if there is none. */
static size_t
next_name(const wxs_record_texts *records, const char *after)
{
    size_t next = records->count;

    for (size_t i = 0; i < records->count; i++) {
        const char *name = records->item[i].fqdn;

        if (is_first(records, i) &&
            (after == NULL || is_before(after, name, records->zone)) &&
            (next == records->count ||
             is_before(name, records->item[next].fqdn, records->zone)))
            next = i;
    }
    return next;
}

static void
print_name(FILE *out, const wxs_record_texts *records, const char *fqdn)
{
    char name[NAME_TEXT];

    short_name(fqdn, records->zone, name);
    (void)fprintf(out, "'%s':\n", name);
    for (size_t i = 0; i < records->count; i++) {
        if (strcmp(records->item[i].fqdn, fqdn) == 0)
            print_entry(out, &records->item[i]);
    }
}

static void
print(FILE *out, const wxs_record_texts *records)
{
    const char *name = NULL;
    size_t i;

    (void)fprintf(out, "---\n# for %s.yaml\n", records->zone);
    while ((i = next_name(records, name)) < records->count) {
        name = records->item[i].fqdn;
        print_name(out, records, name);
    }
    wxs_print_left_out(out, records);
    if (records->advice != NULL)
        (void)fprintf(out,
                      "# DMARC, if the domain has none yet: TXT at %s: %s\n",
                      records->advice->fqdn, records->advice->value);
}

const wxs_record_format wxs_format_octodns = {
    .word = "octodns",
    .content_type = "application/yaml; charset=utf-8", /* RFC 9512 */
    .writes_sets = true,
    .print = print,
};
