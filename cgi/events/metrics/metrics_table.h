#ifndef WXS_EVENTS_METRICS_TABLE_H
#define WXS_EVENTS_METRICS_TABLE_H

#include <stdbool.h>

#include "metric.h"

#define WXS_CELLS_MAX 100000

/* What a row of an answer is about; a part that the answer does not tell apart
 * is 0. */
typedef struct {
    size_t period;
    int64_t domain; /* number */
    size_t message; /* index among those asked for */
} wxs_cell_key;

typedef struct {
    wxs_cell_key key;
    wxs_counts counts;
} wxs_cell;

/* Counts by what they are about. */
typedef struct {
    size_t count, size;
    wxs_cell *cells;
} wxs_metrics_table;

/* The counts of the key, to be added to; good until the next call. A key that
 * comes again later may get another cell until the table is sorted. NULL if
 * there are WXS_CELLS_MAX keys already (then *is_full), or without memory. */
wxs_counts *wxs_metrics_cell(wxs_metrics_table *table, const wxs_cell_key *key,
                             bool *is_full);

/* Sorts the cells by period, domain and message, one for each key. */
void wxs_metrics_table_sort(wxs_metrics_table *table);

void wxs_metrics_table_clear(wxs_metrics_table *table);

#endif
