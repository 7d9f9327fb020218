#ifndef WXS_EVENTS_SUMS_QUERY_H
#define WXS_EVENTS_SUMS_QUERY_H

#include "service.h"

/* What the sums by link and by tag are asked for: of one domain, over whole
 * days (UTC). */
typedef struct {
    int64_t domain;       /* number */
    int64_t first, after; /* days since 1970: from on, before */
    bool by_day;          /* a row for each day, else one for all of them */
    int limit;            /* rows */
} wxs_sums_query;

/* Reads domain_id, from, to, by and limit; false after answering. Without from
 * and to it is the last 30 days. */
bool wxs_sums_query_read(const wxs_context *context, const wxs_request *request,
                         int64_t now, wxs_sums_query *query,
                         wxs_response *response);

/* "2026-11-25" */
#define WXS_DAY_TEXT 16
void wxs_day_text(int64_t day, char text[WXS_DAY_TEXT]);

/* Binds account (?1), domain (?2), the days (?3, ?4) and one row more than the
 * limit (?5). */
void wxs_sums_bind(const wxs_context *context, const wxs_sums_query *query,
                   sqlite3_stmt *row);

/* Goes through the rows: each becomes an object of the list that is answered.
 * Takes over row, which may be NULL with error filled. */
void wxs_sums_answer(const wxs_context *context, const wxs_request *request,
                     const wxs_sums_query *query, sqlite3_stmt *row,
                     json_t *(*item)(const wxs_sums_query *query,
                                     sqlite3_stmt *row),
                     wxs_error *error, wxs_response *response);

#endif
