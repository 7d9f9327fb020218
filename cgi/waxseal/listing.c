#include "listing.h"

#include <stdio.h>

#include "output.h"

#define CELL_MAX 24

/* The field as text; a number goes into buffer. */
static const char *
cell(const json_t *object, const char *field, char buffer[CELL_MAX])
{
    const json_t *value = json_object_get(object, field);

    if (json_is_string(value))
        return json_string_value(value);
    if (json_is_boolean(value))
        return json_is_true(value) ? "yes" : "no";
    if (!json_is_integer(value))
        return "-";
    (void)snprintf(buffer, CELL_MAX, "%lld",
                   (long long)json_integer_value(value));
    return buffer;
}

static void
cells_fill(const json_t *object, const wxs_column *columns,
           char buffers[WXS_COLUMNS_MAX][CELL_MAX],
           const char *cells[WXS_COLUMNS_MAX])
{
    for (size_t i = 0; columns[i].head != NULL; i++)
        cells[i] = cell(object, columns[i].field, buffers[i]);
}

void
wxs_listing_print(const json_t *list, const wxs_column *columns)
{
    char buffers[WXS_COLUMNS_MAX][CELL_MAX];
    const char *cells[WXS_COLUMNS_MAX];
    const json_t *data = json_object_get(list, "data");
    const char *heads[WXS_COLUMNS_MAX];
    wxs_layout layout = {0};
    const json_t *object;
    size_t i;

    for (; columns[layout.columns].head != NULL; layout.columns++)
        heads[layout.columns] = columns[layout.columns].head;
    wxs_layout_fit(&layout, heads);
    json_array_foreach(data, i, object)
    {
        cells_fill(object, columns, buffers, cells);
        wxs_layout_fit(&layout, cells);
    }
    wxs_layout_line(stdout, &layout, heads);
    json_array_foreach(data, i, object)
    {
        cells_fill(object, columns, buffers, cells);
        wxs_layout_line(stdout, &layout, cells);
    }
}

void
wxs_object_print(const json_t *object, const wxs_column *columns)
{
    wxs_layout layout = {.columns = 2};
    char buffer[CELL_MAX];

    for (size_t i = 0; columns[i].head != NULL; i++)
        wxs_layout_fit(&layout, (const char *const[]){columns[i].head, ""});
    for (size_t i = 0; columns[i].head != NULL; i++)
        wxs_layout_line(
            stdout, &layout,
            (const char *const[]){columns[i].head,
                                  cell(object, columns[i].field, buffer)});
}
