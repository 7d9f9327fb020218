#ifndef WXS_TRACKING_CALL_H
#define WXS_TRACKING_CALL_H

#include "service.h"
#include "workshop.h"

/* What the handlers of this program have in common. */

/* The workshop of the present request. */
wxs_workshop wxs_call_workshop(const wxs_context *context);

/* Finds the domain (name or id) that the caller may use; false after answering
 * 404 or 500. Free *domain in both cases. */
bool wxs_call_domain(wxs_context *context, const wxs_request *request,
                     const char *wanted, wxs_tracking_domain *domain,
                     wxs_response *response);

/* Waits until nginx follows all changes made so far, 3 s at most; *reached is
 * false if it does not. False after answering 500. */
bool wxs_call_in_effect(wxs_context *context, const wxs_request *request,
                        bool *reached, wxs_response *response);

/* Commits if ok, else aborts and answers 500; returns whether all went well. */
bool wxs_call_commit(wxs_db *db, bool ok, const wxs_request *request,
                     wxs_error *error, wxs_response *response);

#endif
