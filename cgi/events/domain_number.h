#ifndef WXS_EVENTS_DOMAIN_NUMBER_H
#define WXS_EVENTS_DOMAIN_NUMBER_H

#include "service.h"

/* The number of the account's domain with this id, also of a deleted one: its
 * events are still there. 0 if there is none, -1 with error filled. */
int64_t wxs_domain_number(const wxs_context *context, const char *id,
                          wxs_error *error);

/* The same with the answers that a request gets: 422 for what is no UUID, 404
 * for no domain of the account, 500. Then it is 0. */
int64_t wxs_domain_number_ask(const wxs_context *context,
                              const wxs_request *request, const char *id,
                              wxs_response *response);

#endif
