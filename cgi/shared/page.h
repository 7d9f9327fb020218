#ifndef WXS_SHARED_PAGE_H
#define WXS_SHARED_PAGE_H

#include <stdint.h>

#include "db.h"
#include "http.h"

#define WXS_CURSOR_MAX 320 /* bytes: an email address, or an id */

/* What part of a list is asked for: limit, and at most one of the cursors. */
typedef struct {
    int64_t limit;                   /* -1 = everything */
    char after[WXS_CURSOR_MAX + 1];  /* "" if absent */
    char before[WXS_CURSOR_MAX + 1]; /* "" if absent */
} wxs_page;

/* Reads the query; without limit and cursor everything is asked for. False
 * after answering 422. */
bool wxs_page_parse(const wxs_request *request, wxs_page *page,
                    wxs_response *response);

/* Reads a cursor that is the number of an item, 1 to 18 digits; INT64_MAX if
 * there is none. False, with nothing answered, if it is no number. */
bool wxs_page_number(const wxs_page *page, int64_t *cursor);

/* Answers 422 about a cursor that names no item of the list. */
void wxs_page_refuse(const wxs_page *page, wxs_response *response);

/* One page being filled, rows coming in the order of the walk. */
typedef struct {
    json_t *data;
    int64_t limit;
    bool reverse; /* the walk goes from old to new, lists from new to old */
    bool has_more;
} wxs_page_list;

/* An empty page of the part that was asked for. */
wxs_page_list wxs_page_begin(const wxs_page *page);

/* How many rows a walk has to offer: one more than the page has room for, to
 * know of more; -1 = all. */
int64_t wxs_page_rows(const wxs_page *page);

/* Takes over item. 1 go on, 0 the page is full, -1 no memory (also if item is
 * NULL). */
int wxs_page_add(wxs_page_list *list, json_t *item);

/* Fills the page with what item() makes of the rows; item is NULL if memory is
 * out, or with error filled. */
bool wxs_page_fill(wxs_page_list *list, wxs_db *db, sqlite3_stmt *rows,
                   json_t *(*item)(sqlite3_stmt *row, wxs_error *error),
                   wxs_error *error);

/* Answers {"object":"list","has_more":…,"data":[…]}; takes over the data. */
void wxs_page_answer(wxs_page_list *list, wxs_response *response);

#endif
