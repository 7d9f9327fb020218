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

bool
wxs_page_parse(const wxs_request *request, wxs_page *page,
               wxs_response *response)
{
    char limit[64];
    bool after =
        wxs_query_get(request, "after", page->after, sizeof(page->after));
    bool before =
        wxs_query_get(request, "before", page->before, sizeof(page->before));

    if (!after)
        page->after[0] = '\0';
    if (!before)
        page->before[0] = '\0';
    page->limit = after || before ? LIMIT_DEFAULT : -1;
    if (wxs_query_get(request, "limit", limit, sizeof(limit))) {
        page->limit = parse_limit(limit);
        if (page->limit == 0) {
            wxs_answer_error(response, 422, "validation_error",
                             "The pagination limit must be a number between 1 "
                             "and 100.");
            return false;
        }
    }
    if (after && before) {
        wxs_answer_error(response, 422, "validation_error",
                         "The pagination parameters `after` and `before` "
                         "cannot be used together.");
        return false;
    }
    if ((after && page->after[0] == '\0') ||
        (before && page->before[0] == '\0')) {
        wxs_answer_error(response, 422, "validation_error",
                         "The pagination cursor must not be empty.");
        return false;
    }
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

void
wxs_page_answer(wxs_page_list *list, wxs_response *response)
{
    wxs_answer(response, 200,
               json_pack("{s:s, s:b, s:o}", "object", "list", "has_more",
                         (int)list->has_more, "data", list->data));
    list->data = NULL;
}
