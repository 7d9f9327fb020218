#include <stdlib.h>
#include <string.h>

#include "record_text.h"

/* Amazon Route 53: a change batch for `aws route53 change-resource-record-sets
 * --change-batch file://…`. It has no comments, so DMARC is left out. UPSERT
 * replaces all records of a name and type. */

static void
print_value(FILE *out, const wxs_record_text *record)
{
    char *text = NULL;
    size_t len = 0;
    FILE *value = open_memstream(&text, &len);

    if (value == NULL)
        return;
    wxs_print_rdata(value, record);
    if (fclose(value) == 0)
        wxs_print_json(out, text);
    free(text);
}

static void
print(FILE *out, const wxs_record_texts *records)
{
    (void)fprintf(out,
                  "{\n  \"Comment\": \"Records in the hosted zone %s\",\n"
                  "  \"Changes\": [",
                  records->zone);
    for (size_t i = 0; i < records->count; i++) {
        const wxs_record_text *record = &records->item[i];

        (void)fprintf(out,
                      "%s\n    {\n      \"Action\": \"UPSERT\",\n"
                      "      \"ResourceRecordSet\": {\n"
                      "        \"Name\": \"%s.\",\n        \"Type\": \"%s\",\n"
                      "        \"TTL\": %d,\n"
                      "        \"ResourceRecords\": [{\"Value\": ",
                      i == 0 ? "" : ",", record->fqdn, record->type,
                      WXS_RECORD_TTL);
        print_value(out, record);
        for (size_t k = 0; k < record->besides; k++) {
            (void)fputs("}, {\"Value\": ", out);
            wxs_print_json(out, record->beside[k]);
        }
        (void)fputs("}]\n      }\n    }", out);
    }
    (void)fputs("\n  ]\n}\n", out);
}

const wxs_record_format wxs_format_route53 = {
    .word = "route53",
    .content_type = "application/json; charset=utf-8",
    .writes_sets = true,
    .print = print,
};
