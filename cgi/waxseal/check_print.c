#include "check_print.h"

#include <string.h>

#include "domain_print.h"
#include "output.h"

#define COLUMNS   4
#define LABEL     12 /* columns before a value */
#define BEFORE    16 /* characters that are kept before the first difference */
#define VALUE_MIN 20
#define TEXT_MAX  1400

typedef enum {
    PLAIN,
    GREEN,
    YELLOW,
    RED,
} colour;

typedef struct {
    FILE *out;
    size_t width;
    bool coloured;
} paper;

static void
switch_to(const paper *p, colour c)
{
    static const char *const codes[] = {"\033[0m", "\033[32m", "\033[33m",
                                        "\033[31m"};

    if (p->coloured)
        (void)fputs(codes[c], p->out);
}

static colour
colour_of(const json_t *record)
{
    const char *status = wxs_json_text(record, "status", "");
    const char *class =
        wxs_json_text(json_object_get(record, "status_detail"), "class", "");

    if (strcmp(status, "verified") == 0)
        return GREEN;
    if (class[0] == '\0' || strcmp(class, "temp") == 0 ||
        strcmp(class, "propagating") == 0)
        return YELLOW;
    return RED;
}

static void
cells_of(const json_t *record, const char *cells[COLUMNS])
{
    cells[0] = wxs_json_text(record, "record", "DMARC");
    cells[1] = wxs_json_text(record, "type", "");
    cells[2] = wxs_json_text(record, "display_name",
                             wxs_json_text(record, "fqdn", ""));
    cells[3] = wxs_json_text(record, "status", "");
}

/* ---- values ---- */

/* Characters of text from at on, with "..." where it goes on to either side. */
static void
print_window(const paper *p, const char *text, size_t at)
{
    size_t room = p->width > LABEL + VALUE_MIN ? p->width - LABEL : VALUE_MIN;
    char part[TEXT_MAX];
    size_t len = strlen(text);
    bool cut;

    if (at > len)
        at = len;
    if (at > 0) {
        (void)fputs("...", p->out);
        room -= 3;
    }
    cut = len - at > room;
    (void)snprintf(part, sizeof(part), "%.*s", (int)(cut ? room - 3 : len - at),
                   text + at);
    wxs_print_clean(p->out, part);
    (void)fputs(cut ? "...\n" : "\n", p->out);
}

static void
print_label(const paper *p, const char *label)
{
    (void)fprintf(p->out, "  %-*s", LABEL - 2, label);
}

/* Where both begin to be shown, so that the first difference is seen. */
static size_t
window_of(const char *found, const char *expected)
{
    size_t same = 0;

    while (found[same] != '\0' && found[same] == expected[same])
        same++;
    return same > BEFORE + 3 ? same - BEFORE : 0;
}

static void
print_values(const paper *p, const json_t *detail)
{
    const char *expected = wxs_json_text(detail, "expected", "");
    const json_t *found = json_object_get(detail, "found");
    const json_t *value;
    size_t at = 0, i;

    if (json_array_size(found) == 1)
        at = window_of(json_string_value(json_array_get(found, 0)), expected);
    if (json_array_size(found) == 0) {
        print_label(p, "found");
        (void)fputs("nothing\n", p->out);
    }
    json_array_foreach(found, i, value)
    {
        print_label(p, i == 0 ? "found" : "");
        print_window(p, json_string_value(value), at);
    }
    print_label(p, "expected");
    print_window(p, expected, at);
}

/* ---- sentences ---- */

/* Breaks the text at blanks. */
static void
print_text(const paper *p, const char *label, const char *text)
{
    size_t room = p->width > LABEL + VALUE_MIN ? p->width - LABEL : VALUE_MIN;

    while (*text != '\0') {
        char line[TEXT_MAX];
        size_t len = strlen(text);

        if (len > room) {
            for (len = room; len > 0 && text[len] != ' '; len--)
                continue;
            if (len == 0)
                len = strcspn(text, " ");
        }
        (void)snprintf(line, sizeof(line), "%.*s", (int)len, text);
        print_label(p, label);
        wxs_print_clean(p->out, line);
        (void)fputc('\n', p->out);
        label = "";
        text += len;
        text += strspn(text, " ");
    }
}

static void
print_detail(const paper *p, const json_t *record)
{
    const json_t *detail = json_object_get(record, "status_detail");
    bool good = strcmp(wxs_json_text(record, "status", ""), "verified") == 0;
    const char *code = wxs_json_text(detail, "code", "");

    if (!json_is_object(detail) || (good && strcmp(code, "ok") == 0))
        return;
    if (!good)
        print_values(p, detail);
    print_text(p, good ? "note" : "why", wxs_json_text(detail, "message", ""));
    print_text(p, "fix", wxs_json_text(detail, "fix", ""));
}

/* ---- the table ---- */

static void
print_record(const paper *p, const wxs_layout *layout, const json_t *record)
{
    const char *cells[COLUMNS];

    cells_of(record, cells);
    switch_to(p, colour_of(record));
    wxs_layout_line(p->out, layout, cells);
    switch_to(p, PLAIN);
    print_detail(p, record);
}

/* ---- the tracking host ---- */

static void
print_finding(const paper *p, const json_t *finding)
{
    bool wrong =
        strcmp(wxs_json_text(finding, "severity", "wrong"), "wrong") == 0;

    switch_to(p, wrong ? RED : YELLOW);
    print_text(p, wrong ? "wrong" : "note",
               wxs_json_text(finding, "message", ""));
    switch_to(p, PLAIN);
    print_text(p, "fix", wxs_json_text(finding, "fix", ""));
}

static void
print_look(const paper *p, const json_t *look)
{
    const json_t *findings = json_object_get(look, "findings");
    const json_t *finding;
    size_t i;

    if (!json_is_object(look))
        return;
    (void)fprintf(p->out, "\nhttps://%s:%s\n", wxs_json_text(look, "host", ""),
                  json_array_size(findings) == 0 ? " answers as it should"
                                                 : "");
    json_array_foreach(findings, i, finding) print_finding(p, finding);
}

void
wxs_check_print(FILE *out, const json_t *domain, size_t width, bool coloured)
{
    static const char *const head[COLUMNS] = {"RECORD", "TYPE", "NAME",
                                              "STATUS"};
    const json_t *records = json_object_get(domain, "records");
    const json_t *dmarc = json_object_get(domain, "dmarc");
    const json_t *provider = json_object_get(domain, "dns_provider");
    const paper p = {out, width, coloured};
    wxs_layout layout = {.columns = COLUMNS};
    const char *cells[COLUMNS];
    const json_t *record;
    size_t i;

    (void)fprintf(out, "%s: %s", wxs_json_text(domain, "name", ""),
                  wxs_domain_state(domain));
    if (json_is_object(provider)) {
        (void)fputs(", DNS at ", out);
        wxs_print_clean(out, wxs_json_text(provider, "name", ""));
    }
    (void)fputs("\n\n", out);
    wxs_layout_fit(&layout, head);
    json_array_foreach(records, i, record)
    {
        cells_of(record, cells);
        wxs_layout_fit(&layout, cells);
    }
    cells_of(dmarc, cells);
    wxs_layout_fit(&layout, cells);
    wxs_layout_line(out, &layout, head);
    json_array_foreach(records, i, record) print_record(&p, &layout, record);
    if (dmarc != NULL)
        print_record(&p, &layout, dmarc);
    print_look(&p, json_object_get(domain, "tracking_check"));
}

bool
wxs_check_good(const json_t *domain)
{
    const json_t *record;
    size_t i;

    json_array_foreach(json_object_get(domain, "records"), i, record)
    {
        if (strcmp(wxs_json_text(record, "status", ""), "verified") != 0)
            return false;
    }
    return strcmp(wxs_domain_state(domain), "verified") == 0;
}
