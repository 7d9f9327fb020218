#include "zone_file.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STRING_MAX 255

/* One or more character-strings; quotes and backslashes are escaped. */
static void
print_text(FILE *out, const char *value)
{
    size_t n = 0;

    (void)fputc('"', out);
    for (; *value != '\0'; value++, n++) {
        if (n == STRING_MAX) {
            (void)fputs("\" \"", out);
            n = 0;
        }
        if (*value == '"' || *value == '\\')
            (void)fputc('\\', out);
        (void)fputc(*value, out);
    }
    (void)fputs("\"\n", out);
}

static bool
print_record(FILE *out, const json_t *record)
{
    const char *fqdn, *type, *value;
    int priority = 0;

    if (json_unpack((json_t *)record, "{s:s, s:s, s:s, s?i}", "fqdn", &fqdn,
                    "type", &type, "value", &value, "priority", &priority) != 0)
        return false;
    (void)fprintf(out, "%s. 300 IN %s ", fqdn, type);
    if (strcmp(type, "TXT") == 0)
        print_text(out, value);
    else if (strcmp(type, "MX") == 0)
        (void)fprintf(out, "%d %s.\n", priority, value);
    else
        (void)fprintf(out, "%s.\n", value);
    return true;
}

static bool
print_domain(FILE *out, const json_t *domain)
{
    const json_t *dmarc = json_object_get(domain, "dmarc");
    const json_t *record;
    size_t i;

    json_array_foreach(json_object_get(domain, "records"), i, record)
    {
        if (!print_record(out, record))
            return false;
    }
    if (dmarc == NULL)
        return true;
    (void)fputs("; DMARC, if the domain has none yet:\n; ", out);
    return print_record(out, dmarc);
}

char *
wxs_zone_file(const json_t *domain, size_t *len)
{
    char *text = NULL;
    FILE *out = open_memstream(&text, len);
    bool complete;

    if (out == NULL)
        return NULL;
    complete = print_domain(out, domain) && ferror(out) == 0;
    if (fclose(out) == 0 && complete)
        return text;
    free(text);
    return NULL;
}
