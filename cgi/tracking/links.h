#ifndef WXS_TRACKING_LINKS_H
#define WXS_TRACKING_LINKS_H

#include "service.h"

wxs_handler wxs_links_create; /* POST /links */
wxs_handler wxs_links_get;    /* GET /links/{id} */

/* The id of a table link, as JSON has it: a string. NULL without memory. */
json_t *wxs_link_id_json(int64_t id);

/* Finds a table link that the caller may see, by the id of the route: 1 found,
 * 0 after answering 404, -1 after answering 500. *json, if json is not NULL, is
 * the link as the API shows it, without its href. */
int wxs_link_lookup(wxs_context *context, const wxs_request *request,
                    int64_t *id, json_t **json, wxs_response *response);

#endif
