#include "record_text.h"

/* Zone files (RFC 1035, section 5) and the updates of nsupdate, which have the
 * same records behind a verb. Names are absolute. */

static void
print_line(FILE *out, const wxs_record_text *record)
{
    (void)fprintf(out, "%s. %d IN %s ", record->fqdn, WXS_RECORD_TTL,
                  record->type);
    wxs_print_rdata(out, record);
    (void)fputc('\n', out);
}

static void
print_bind(FILE *out, const wxs_record_texts *records)
{
    for (size_t i = 0; i < records->count; i++)
        print_line(out, &records->item[i]);
    if (records->advice == NULL)
        return;
    (void)fputs("; DMARC, if the domain has none yet:\n; ", out);
    print_line(out, records->advice);
}

const wxs_record_format wxs_format_bind = {
    .word = "bind",
    .content_type = "text/dns; charset=utf-8", /* RFC 4027 */
    .print = print_bind,
};

static void
print_nsupdate(FILE *out, const wxs_record_texts *records)
{
    (void)fprintf(out, "zone %s.\n", records->zone);
    for (size_t i = 0; i < records->count; i++) {
        (void)fputs("update add ", out);
        print_line(out, &records->item[i]);
    }
    if (records->advice != NULL) {
        (void)fputs("; DMARC, if the domain has none yet:\n; update add ", out);
        print_line(out, records->advice);
    }
    (void)fputs("send\n", out);
}

const wxs_record_format wxs_format_nsupdate = {
    .word = "nsupdate",
    .content_type = "text/plain; charset=utf-8",
    .print = print_nsupdate,
};
