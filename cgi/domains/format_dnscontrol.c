#include <string.h>

#include "record_text.h"

/* DNSControl: records for the domain that dnsconfig.js has with D(). DNSControl
 * splits and quotes long texts itself. */

static void
print_record(FILE *out, const wxs_record_text *record, const char *zone)
{
    wxs_caa_text caa;
    size_t len;
    const char *name = wxs_record_short_name(record->fqdn, zone, &len);

    (void)fprintf(out, "%s(\"%.*s\", ", record->type, (int)len, name);
    if (strcmp(record->type, "TXT") == 0)
        wxs_print_json(out, record->value);
    else if (strcmp(record->type, "MX") == 0)
        (void)fprintf(out, "%d, \"%s.\"", record->priority, record->value);
    else if (wxs_caa_split(record->value, &caa))
        (void)fprintf(out, "\"%.*s\", \"%.*s\"%s", caa.tag_len, caa.tag,
                      caa.value_len, caa.value,
                      caa.flags == 0 ? "" : ", CAA_CRITICAL");
    else
        (void)fprintf(out, "\"%s.\"", record->value);
    (void)fprintf(out, ", TTL(%d))", WXS_RECORD_TTL);
}

static void
print(FILE *out, const wxs_record_texts *records)
{
    (void)fprintf(out, "D_EXTEND(\"%s\"", records->zone);
    for (size_t i = 0; i < records->count; i++) {
        (void)fputs(",\n    ", out);
        print_record(out, &records->item[i], records->zone);
    }
    (void)fputs("\n);\n", out);
    if (records->advice == NULL)
        return;
    (void)fputs("// DMARC, if the domain has none yet:\n// ", out);
    print_record(out, records->advice, records->zone);
    (void)fputc('\n', out);
}

const wxs_record_format wxs_format_dnscontrol = {
    .word = "dnscontrol",
    .content_type = "text/javascript; charset=utf-8",
    .print = print,
};
