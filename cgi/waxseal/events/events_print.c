#include "events_print.h"

enum {
    TIME,
    TYPE,
    VERDICT,
    REASON,
    DEVICE,
    COUNTRY,
    MESSAGE,
    LINK,
    COLUMNS
};

_Static_assert(COLUMNS <= WXS_COLUMNS_MAX, "too many columns");

static const char *const heads[COLUMNS] = {"TIME",    "TYPE",   "VERDICT",
                                           "REASON",  "DEVICE", "COUNTRY",
                                           "MESSAGE", "LINK"};

void
wxs_events_table_begin(wxs_events_table *table, bool as_json)
{
    *table = (wxs_events_table){
        /* of a time, of "unsubscribe", of a verdict and of a message's id */
        .layout = {.columns = COLUMNS, .width = {24, 11, 7, 0, 7, 0, 36, 0}},
        .as_json = as_json,
    };
    wxs_layout_fit(&table->layout, heads);
}

/* A link is shown by its name if it has one. */
static void
fill(const json_t *event, const char *cells[COLUMNS])
{
    cells[TIME] = wxs_json_text(event, "created_at", "-");
    cells[TYPE] = wxs_json_text(event, "type", "-");
    cells[VERDICT] = wxs_json_text(event, "verdict", "-");
    cells[REASON] = wxs_json_text(event, "reason", "-");
    cells[DEVICE] = wxs_json_text(event, "device", "-");
    cells[COUNTRY] = wxs_json_text(event, "country", "-");
    cells[MESSAGE] = wxs_json_text(event, "message_id", "-");
    cells[LINK] =
        wxs_json_text(event, "link_name", wxs_json_text(event, "link", "-"));
}

static const json_t *
item(const json_t *events, size_t i, bool reverse)
{
    return json_array_get(events,
                          reverse ? json_array_size(events) - 1 - i : i);
}

static bool
print_json(const json_t *event)
{
    return json_dumpf(event, stdout, JSON_COMPACT) == 0 &&
           fputc('\n', stdout) != EOF;
}

bool
wxs_events_table_print(wxs_events_table *table, const json_t *events,
                       bool reverse)
{
    size_t count = json_array_size(events);
    const char *cells[COLUMNS];
    bool ok = true;

    for (size_t i = 0; i < count; i++) {
        fill(item(events, i, reverse), cells);
        wxs_layout_fit(&table->layout, cells);
    }
    if (!table->as_json && !table->has_heading)
        wxs_layout_line(stdout, &table->layout, heads);
    table->has_heading = true;
    for (size_t i = 0; ok && i < count; i++) {
        fill(item(events, i, reverse), cells);
        if (table->as_json)
            ok = print_json(item(events, i, reverse));
        else
            wxs_layout_line(stdout, &table->layout, cells);
    }
    return ok && fflush(stdout) == 0;
}
