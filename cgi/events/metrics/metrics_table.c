#include "metrics_table.h"

#include <stdlib.h>

#define SIZE_FIRST 64

static int
compare(const wxs_cell_key *a, const wxs_cell_key *b)
{
    if (a->period != b->period)
        return a->period < b->period ? -1 : 1;
    if (a->domain != b->domain)
        return a->domain < b->domain ? -1 : 1;
    if (a->message != b->message)
        return a->message < b->message ? -1 : 1;
    return 0;
}

static int
compare_cells(const void *a, const void *b)
{
    return compare(&((const wxs_cell *)a)->key, &((const wxs_cell *)b)->key);
}

void
wxs_metrics_table_sort(wxs_metrics_table *table)
{
    size_t kept = 0;

    if (table->count == 0)
        return;
    qsort(table->cells, table->count, sizeof(*table->cells), compare_cells);
    for (size_t i = 1; i < table->count; i++) {
        wxs_cell *last = &table->cells[kept];
        if (compare(&last->key, &table->cells[i].key) == 0)
            wxs_counts_add(&last->counts, &table->cells[i].counts);
        else
            table->cells[++kept] = table->cells[i];
    }
    table->count = kept + 1;
}

/* Makes room for one more: of cells with the same key one is left, and if that
 * brings little, there is more memory. */
static bool
make_room(wxs_metrics_table *table, bool *is_full)
{
    size_t size = table->size == 0 ? SIZE_FIRST : table->size * 2;
    wxs_cell *cells;

    wxs_metrics_table_sort(table);
    if (table->size > 0 && table->count <= table->size / 2)
        return true;
    *is_full = table->count >= WXS_CELLS_MAX;
    cells =
        *is_full ? NULL : realloc(table->cells, size * sizeof(*table->cells));
    if (cells == NULL)
        return false;
    table->cells = cells;
    table->size = size;
    return true;
}

wxs_counts *
wxs_metrics_cell(wxs_metrics_table *table, const wxs_cell_key *key,
                 bool *is_full)
{
    wxs_cell *last = table->count > 0 ? &table->cells[table->count - 1] : NULL;

    *is_full = false;
    if (last != NULL && compare(&last->key, key) == 0)
        return &last->counts;
    if (table->count == table->size && !make_room(table, is_full))
        return NULL;
    table->cells[table->count] = (wxs_cell){.key = *key};
    return &table->cells[table->count++].counts;
}

void
wxs_metrics_table_clear(wxs_metrics_table *table)
{
    free(table->cells);
    *table = (wxs_metrics_table){0};
}
