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
    else if (strcmp(record->type, "CAA") == 0)
        (void)fputs(record->value, out);
    else
        (void)fprintf(out, "%s.", record->value);
}

/* The worker writes them so (caa.c): without escapes. */
bool
wxs_caa_split(const char *text, wxs_caa_text *caa)
{
    char *end;
    long flags = strtol(text, &end, 10);

    if (end == text || *end != ' ' || flags < 0 || flags > 255)
        return false;
    caa->flags = (int)flags;
    caa->tag = end + 1;
    caa->tag_len = (int)strcspn(caa->tag, " ");
    caa->value = caa->tag + caa->tag_len;
    if (strncmp(caa->value, " \"", 2) != 0)
        return false;
    caa->value += 2;
    caa->value_len = (int)strcspn(caa->value, "\"");
    return strcmp(caa->value + caa->value_len, "\"") == 0;
}

void
wxs_print_left_out(FILE *out, const wxs_record_texts *records)
{
    for (size_t i = 0; i < records->left_outs; i++)
        (void)fprintf(out,
                      "# To be added beside the records that are there: %s at "
                      "%s: %s\n",
                      records->left_out[i].type, records->left_out[i].fqdn,
                      records->left_out[i].value);
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

/* The CAA records that are there already: all or none. */
static void
read_beside(const json_t *json, wxs_record_text *record)
{
    const json_t *found =
        json_object_get(json_object_get(json, "status_detail"), "found");
    wxs_caa_text caa;
    const json_t *value;
    size_t i;

    if (json_array_size(found) > WXS_RECORD_BESIDE_MAX)
        return;
    json_array_foreach(found, i, value)
    {
        record->beside[i] = json_string_value(value);
        if (record->beside[i] == NULL ||
            !wxs_caa_split(record->beside[i], &caa))
            return;
    }
    record->besides = json_array_size(found);
}

static bool
read_record(const json_t *json, wxs_record_text *record)
{
    wxs_caa_text caa;

    *record = (wxs_record_text){0};
    if (json_unpack((json_t *)json, "{s:s, s:s, s:s, s?i}", "fqdn",
                    &record->fqdn, "type", &record->type, "value",
                    &record->value, "priority", &record->priority) != 0)
        return false;
    if (strcmp(record->type, "CAA") != 0)
        return true;
    read_beside(json, record);
    return wxs_caa_split(record->value, &caa);
}

static bool
print_domain(FILE *out, const wxs_record_format *format, const json_t *domain)
{
    const json_t *list = json_object_get(domain, "records");
    const json_t *dmarc = json_object_get(domain, "dmarc");
    wxs_record_text item[RECORDS_MAX], left_out[RECORDS_MAX], advice;
    wxs_record_texts records = {
        .zone = json_string_value(json_object_get(domain, "dns_zone")),
        .item = item,
        .left_out = left_out,
    };
    const json_t *json;
    size_t i;

    if (records.zone == NULL || json_array_size(list) > RECORDS_MAX)
        return false;
    json_array_foreach(list, i, json)
    {
        wxs_record_text record;

        if (!read_record(json, &record))
            return false;
        if (format->writes_sets && strcmp(record.type, "CAA") == 0 &&
            record.besides == 0)
            left_out[records.left_outs++] = record;
        else
            item[records.count++] = record;
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
