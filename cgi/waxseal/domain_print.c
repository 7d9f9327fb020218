#include "domain_print.h"

#include <stdio.h>
#include <string.h>

#include "host_certificate.h"
#include "output.h"

enum {
    RECORD_COLUMNS = 5,
    LIST_COLUMNS = 5
};

const char *
wxs_domain_state(const json_t *domain)
{
    return wxs_json_text(domain, "state", wxs_json_text(domain, "status", "?"));
}

/* An MX record's value with its priority, as zone files have it. The texts live
 * as long as the record and buffer. */
static void
record_cells(const json_t *record, char *buffer, size_t cap,
             const char *cells[RECORD_COLUMNS])
{
    const json_t *priority = json_object_get(record, "priority");

    cells[0] = wxs_json_text(record, "record", "");
    cells[1] = wxs_json_text(record, "fqdn", wxs_json_text(record, "name", ""));
    cells[2] = wxs_json_text(record, "type", "");
    cells[3] = wxs_json_text(record, "status", "");
    cells[4] = wxs_json_text(record, "value", "");
    if (json_is_integer(priority)) {
        int n = snprintf(buffer, cap, "%lld %s",
                         (long long)json_integer_value(priority), cells[4]);
        if (n > 0 && (size_t)n < cap)
            cells[4] = buffer;
    }
}

static void
detail_print(const json_t *record)
{
    const json_t *detail = json_object_get(record, "status_detail");
    static const char *const names[] = {"message", "fix"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const char *text = wxs_json_text(detail, names[i], "");
        if (text[0] == '\0')
            continue;
        (void)fputs("    ", stdout);
        wxs_print_clean(stdout, text);
        (void)fputc('\n', stdout);
    }
}

static void
records_print(const json_t *records)
{
    static const char *const head[RECORD_COLUMNS] = {"RECORD", "NAME", "TYPE",
                                                     "STATUS", "VALUE"};
    wxs_layout layout = {.columns = RECORD_COLUMNS};
    const char *cells[RECORD_COLUMNS];
    char buffer[512];
    const json_t *record;
    size_t i;

    wxs_layout_fit(&layout, head);
    json_array_foreach(records, i, record)
    {
        record_cells(record, buffer, sizeof(buffer), cells);
        wxs_layout_fit(&layout, cells);
    }
    wxs_layout_line(stdout, &layout, head);
    json_array_foreach(records, i, record)
    {
        record_cells(record, buffer, sizeof(buffer), cells);
        wxs_layout_line(stdout, &layout, cells);
        detail_print(record);
    }
}

void
wxs_domain_print(const json_t *domain)
{
    static const char *const names[] = {"name", "id", "region"};
    wxs_layout layout = {.columns = 2, .width = {7}};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const char *const cells[] = {names[i],
                                     wxs_json_text(domain, names[i], "")};
        wxs_layout_line(stdout, &layout, cells);
    }
    const char *const state[] = {"state", wxs_domain_state(domain)};
    wxs_layout_line(stdout, &layout, state);
    (void)fputc('\n', stdout);
    records_print(json_object_get(domain, "records"));
    wxs_host_certificate_print(json_object_get(domain, "certificate"));
}

static void
list_cells(const json_t *domain, const char *cells[LIST_COLUMNS])
{
    cells[0] = wxs_json_text(domain, "name", "");
    cells[1] = wxs_domain_state(domain);
    cells[2] = wxs_json_text(domain, "region", "");
    cells[3] = wxs_json_text(domain, "created_at", "");
    cells[4] = wxs_json_text(domain, "id", "");
}

void
wxs_domain_print_list(const json_t *list)
{
    static const char *const head[LIST_COLUMNS] = {"NAME", "STATE", "REGION",
                                                   "CREATED", "ID"};
    const json_t *data = json_object_get(list, "data");
    wxs_layout layout = {.columns = LIST_COLUMNS};
    const char *cells[LIST_COLUMNS];
    const json_t *domain;
    size_t i;

    wxs_layout_fit(&layout, head);
    json_array_foreach(data, i, domain)
    {
        list_cells(domain, cells);
        wxs_layout_fit(&layout, cells);
    }
    wxs_layout_line(stdout, &layout, head);
    json_array_foreach(data, i, domain)
    {
        list_cells(domain, cells);
        wxs_layout_line(stdout, &layout, cells);
    }
}
