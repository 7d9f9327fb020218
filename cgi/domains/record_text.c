#include "record_text.h"

#include <stdlib.h>
#include <string.h>

#include "record_set.h"

#define STRING_MAX  255
#define RECORDS_MAX 32

const wxs_record_format *
wxs_record_format_find(const char *word)
{
    static const wxs_record_format *const formats[] = {
        &wxs_format_bind,    &wxs_format_nsupdate, &wxs_format_terraform,
        &wxs_format_route53, &wxs_format_octodns,  &wxs_format_dnscontrol,
    };

    for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
        if (strcmp(word, formats[i]->word) == 0)
            return formats[i];
    }
    return NULL;
}

/* ---- helpers ---- */

void
wxs_print_strings(FILE *out, const char *text, const char *between)
{
    size_t n = 0;

    (void)fputc('"', out);
    for (; *text != '\0'; text++, n++) {
        if (n == STRING_MAX) {
            (void)fprintf(out, "\"%s\"", between);
            n = 0;
        }
        if (*text == '"' || *text == '\\')
            (void)fputc('\\', out);
        (void)fputc(*text, out);
    }
    (void)fputc('"', out);
}

void
wxs_print_rdata(FILE *out, const wxs_record_text *record)
{
    if (strcmp(record->type, "TXT") == 0)
        wxs_print_strings(out, record->value, " ");
    else if (strcmp(record->type, "MX") == 0)
        (void)fprintf(out, "%d %s.", record->priority, record->value);
    else
        (void)fprintf(out, "%s.", record->value);
}

void
wxs_print_json(FILE *out, const char *text)
{
    (void)fputc('"', out);
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;

        if (c == '"' || c == '\\')
            (void)fprintf(out, "\\%c", c);
        else if (c < 0x20)
            (void)fprintf(out, "\\u%04x", c);
        else
            (void)fputc(c, out);
    }
    (void)fputc('"', out);
}

const char *
wxs_record_short_name(const char *fqdn, const char *zone, size_t *len)
{
    *len = wxs_record_relative(fqdn, zone);
    if (strcmp(fqdn, zone) != 0)
        return fqdn;
    *len = 1;
    return "@";
}

/* ---- the whole ---- */

static bool
read_record(const json_t *json, wxs_record_text *record)
{
    *record = (wxs_record_text){0};
    return json_unpack((json_t *)json, "{s:s, s:s, s:s, s?i}", "fqdn",
                       &record->fqdn, "type", &record->type, "value",
                       &record->value, "priority", &record->priority) == 0;
}

static bool
print_domain(FILE *out, const wxs_record_format *format, const json_t *domain)
{
    const json_t *list = json_object_get(domain, "records");
    const json_t *dmarc = json_object_get(domain, "dmarc");
    wxs_record_text item[RECORDS_MAX], advice;
    wxs_record_texts records = {
        .zone = json_string_value(json_object_get(domain, "dns_zone")),
        .item = item,
    };
    const json_t *json;
    size_t i;

    if (records.zone == NULL || json_array_size(list) > RECORDS_MAX)
        return false;
    json_array_foreach(list, i, json)
    {
        if (!read_record(json, &item[records.count++]))
            return false;
    }
    if (dmarc != NULL) {
        if (!read_record(dmarc, &advice))
            return false;
        records.advice = &advice;
    }
    format->print(out, &records);
    return true;
}

char *
wxs_record_file(const wxs_record_format *format, const json_t *domain,
                size_t *len)
{
    char *text = NULL;
    FILE *out = open_memstream(&text, len);
    bool complete;

    if (out == NULL)
        return NULL;
    complete = print_domain(out, format, domain) && ferror(out) == 0;
    if (fclose(out) == 0 && complete)
        return text;
    free(text);
    return NULL;
}
