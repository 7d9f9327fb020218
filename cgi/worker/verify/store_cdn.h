#ifndef WXS_VERIFY_STORE_CDN_H
#define WXS_VERIFY_STORE_CDN_H

#include "store.h"

/* Tracking hosts of customers who bring a CDN of their own: their record leads
 * elsewhere, and only a look at how the host answers tells whether it leads
 * from there to us. */

/* Does the verdict leave that open, or rest on such a look? */
bool wxs_store_leads_to_cdn(const wxs_verdict *verdict);

/* Asks for a look, after which the domain is checked again if it is the first
 * to succeed. Within a transaction. */
bool wxs_store_ask_look(wxs_db *db, int64_t domain, int64_t now,
                        wxs_error *error);

/* The record leads here by itself: there is no CDN any more. Within a
 * transaction. */
bool wxs_store_no_cdn(wxs_db *db, int64_t host, wxs_error *error);

#endif
