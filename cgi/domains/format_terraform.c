#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "record_text.h"

/* Terraform and OpenTofu: resources aws_route53_record of the AWS provider, the
 * most used one. */

/* A string of HCL, in which "${" and "%{" would begin a template. */
static void
print_hcl(FILE *out, const char *text, size_t len)
{
    (void)fputc('"', out);
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '"' || text[i] == '\\')
            (void)fputc('\\', out);
        if ((text[i] == '$' || text[i] == '%') && text[i + 1] == '{')
            (void)fputc(text[i], out);
        (void)fputc(text[i], out);
    }
    (void)fputc('"', out);
}

/* The provider itself puts a TXT value between quotes; two quotes inside end a
 * character-string and begin the next. */
static void
print_value(FILE *out, const wxs_record_text *record)
{
    bool is_text = strcmp(record->type, "TXT") == 0;
    char *text = NULL;
    size_t len = 0;
    FILE *value = open_memstream(&text, &len);

    if (value == NULL)
        return;
    if (is_text)
        wxs_print_strings(value, record->value, "");
    else
        wxs_print_rdata(value, record);
    if (fclose(value) == 0)
        print_hcl(out, text + is_text, len - (is_text ? 2 : 0));
    free(text);
}

/* Letters, digits and underscores: "send_mx". */
static void
print_label(FILE *out, const wxs_record_text *record, const char *zone)
{
    size_t len;
    const char *name = wxs_record_short_name(record->fqdn, zone, &len);

    for (size_t i = 0; i < len; i++)
        (void)fputc(isalnum((unsigned char)name[i]) ? name[i] : '_', out);
    (void)fputc('_', out);
    for (const char *c = record->type; *c != '\0'; c++)
        (void)fputc(tolower((unsigned char)*c), out);
}

static void
print_resource(FILE *out, const wxs_record_text *record, const char *zone)
{
    (void)fputs("\nresource \"aws_route53_record\" \"waxseal_", out);
    print_label(out, record, zone);
    (void)fprintf(out,
                  "\" {\n  zone_id = var.waxseal_zone_id\n"
                  "  name    = \"%s\"\n  type    = \"%s\"\n"
                  "  ttl     = %d\n  records = [",
                  record->fqdn, record->type, WXS_RECORD_TTL);
    print_value(out, record);
    for (size_t i = 0; i < record->besides; i++) {
        (void)fputs(", ", out);
        print_hcl(out, record->beside[i], strlen(record->beside[i]));
    }
    (void)fputs("]\n}\n", out);
}

static void
print(FILE *out, const wxs_record_texts *records)
{
    (void)fprintf(out,
                  "variable \"waxseal_zone_id\" {\n"
                  "  description = \"id of the hosted zone %s\"\n"
                  "  type        = string\n}\n",
                  records->zone);
    for (size_t i = 0; i < records->count; i++)
        print_resource(out, &records->item[i], records->zone);
    wxs_print_left_out(out, records);
    if (records->advice != NULL)
        (void)fprintf(out,
                      "\n# DMARC, if the domain has none yet: a TXT record at "
                      "%s with the value %s\n",
                      records->advice->fqdn, records->advice->value);
}

const wxs_record_format wxs_format_terraform = {
    .word = "terraform",
    .content_type = "text/plain; charset=utf-8",
    .writes_sets = true,
    .print = print,
};
