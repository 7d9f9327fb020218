#ifndef WXS_DOMAINS_LIST_QUERY_H
#define WXS_DOMAINS_LIST_QUERY_H

#include "domain_store.h"
#include "page.h"
#include "service.h"

/* What GET /domains asks for. */
typedef struct {
    wxs_page page;
    wxs_domain_cursor cursor;
    wxs_domain_filter filter;
    bool csv;
} wxs_list_query;

/* Reads it; false after answering. */
bool wxs_list_query_parse(const wxs_context *context,
                          const wxs_request *request, wxs_list_query *query,
                          wxs_response *response);

#endif
