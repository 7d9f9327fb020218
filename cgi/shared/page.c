#include "page.h"

#include <string.h>

#define LIMIT_DEFAULT 20

/* 1 to 100, else 0. */
static int64_t
parse_limit(const char *text)
{
    size_t len = strlen(text);
    int64_t limit = 0;

    if (len == 0 || len > 3 || strspn(text, "0123456789") != len)
        return 0;
    for (size_t i = 0; i < len; i++)
        limit = limit * 10 + (text[i] - '0');
    return limit <= 100 ? limit : 0;
}

static bool
refuse(wxs_response *response, const char *message)
{
    wxs_answer_error(response, 422, "validation_error", "%s", message);
    return false;
}

/* Reads a parameter, "" if it is absent; one that is empty, malformed or too
 * long becomes "?", which is no cursor and no limit. */
static void
read_parameter(const wxs_request *request, const char *name, char *value,
               size_t cap)
{
    value[0] = '\0';
    if (wxs_query_has(request, name) &&
        (!wxs_query_get(request, name, value, cap) || value[0] == '\0'))
        memcpy(value, "?", 2);
}

bool
wxs_page_parse(const wxs_request *request, wxs_page *page,
               wxs_response *response)
{
    char limit[8];
    bool has_cursor;

    read_parameter(request, "limit", limit, sizeof(limit));
    read_parameter(request, "after", page->after, sizeof(page->after));
    read_parameter(request, "before", page->before, sizeof(page->before));
    has_cursor = page->after[0] != '\0' || page->before[0] != '\0';
    page->limit = limit[0] != '\0' ? parse_limit(limit)
                  : has_cursor     ? LIMIT_DEFAULT
                                   : -1;
    if (page->limit == 0)
        return refuse(response, "The pagination limit must be a number "
                                "between 1 and 100.");
    if (page->after[0] != '\0' && page->before[0] != '\0')
        return refuse(response, "The pagination parameters `after` and "
                                "`before` cannot be used together.");
    return true;
}

bool
wxs_page_number(const wxs_page *page, int64_t *cursor)
{
    const char *text = page->after[0] != '\0' ? page->after : page->before;
    size_t len = strlen(text);

    *cursor = INT64_MAX;
    if (len == 0)
        return true;
    if (len > 18 || strspn(text, "0123456789") != len)
        return false;
    *cursor = 0;
    for (size_t i = 0; i < len; i++)
        *cursor = *cursor * 10 + (text[i] - '0');
    return true;
}

void
wxs_page_refuse(const wxs_page *page, wxs_response *response)
{
    wxs_answer_error(response, 422, "validation_error",
                     "The pagination cursor `%s` must be the id of an item of "
                     "this list.",
                     page->after[0] != '\0' ? "after" : "before");
}

wxs_page_list
wxs_page_begin(const wxs_page *page)
{
    return (wxs_page_list){
        .data = json_array(),
        .limit = page->limit,
        .reverse = page->before[0] != '\0',
    };
}

int64_t
wxs_page_rows(const wxs_page *page)
{
    return page->limit < 0 ? -1 : page->limit + 1;
}

int
wxs_page_add(wxs_page_list *list, json_t *item)
{
    int rc;

    if (list->limit >= 0 &&
        json_array_size(list->data) >= (size_t)list->limit) {
        json_decref(item);
        list->has_more = true;
        return 0;
    }
    rc = list->reverse ? json_array_insert_new(list->data, 0, item)
                       : json_array_append_new(list->data, item);
    return rc == 0 ? 1 : -1;
}

bool
wxs_page_fill(wxs_page_list *list, wxs_db *db, sqlite3_stmt *rows,
              json_t *(*item)(sqlite3_stmt *row, wxs_error *error),
              wxs_error *error)
{
    int more;

    while ((more = wxs_db_step(db, rows, error)) == 1) {
        wxs_fail(error, "out of memory");
        more = wxs_page_add(list, item(rows, error));
        if (more <= 0)
            return more == 0;
    }
    return more == 0;
}

void
wxs_page_answer(wxs_page_list *list, wxs_response *response)
{
    wxs_answer(response, 200,
               json_pack("{s:s, s:b, s:o}", "object", "list", "has_more",
                         (int)list->has_more, "data", list->data));
    list->data = NULL;
}
