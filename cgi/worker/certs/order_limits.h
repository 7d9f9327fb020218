#ifndef WXS_CERTS_ORDER_LIMITS_H
#define WXS_CERTS_ORDER_LIMITS_H

#include <libpsl.h>

#include "config.h"
#include "db.h"

/* The certification authority's limits as token buckets in control.db, so that
 * they hold over restarts. A bucket of N tokens in a time gets one back every
 * N-th of that time. */

typedef enum {
    WXS_LIMIT_NONE,
    WXS_LIMIT_ORDERS,   /* of the account */
    WXS_LIMIT_DOMAIN,   /* certificates of a registered domain */
    WXS_LIMIT_FAILURES, /* failed validations of a host */
} wxs_limit;

/* What an order is counted under. */
typedef struct {
    const char *host;
    const char *registered; /* its domain below a public suffix */
    bool is_first; /* a host's later certificates are not counted by domain */
} wxs_limit_subject;

/* The name that certificates of the host are counted by: the domain below its
 * public suffix, or the host itself. Points into host. */
const char *wxs_limit_registered(const psl_ctx_t *suffixes, const char *host);

/* Takes what one order needs, all of it or nothing: then *hit says which limit
 * was in the way, and *until when it lets an order through. Within a
 * transaction. */
bool wxs_limits_take(wxs_db *db, const wxs_config *config,
                     const wxs_limit_subject *subject, int64_t now,
                     wxs_limit *hit, int64_t *until, wxs_error *error);

/* Gives back all that an order took which was not made after all. Within a
 * transaction. */
bool wxs_limits_return(wxs_db *db, const wxs_config *config,
                       const wxs_limit_subject *subject, int64_t now,
                       wxs_error *error);

/* Tells the buckets of an order that brought no certificate: the domain gets
 * its token back, and if the validation failed the host loses one. Within a
 * transaction. */
bool wxs_limits_failed(wxs_db *db, const wxs_config *config,
                       const wxs_limit_subject *subject, bool validation,
                       int64_t now, wxs_error *error);

/* The authority says that no order goes through for now, whatever the buckets
 * say. Within a transaction. */
bool wxs_limits_exhaust(wxs_db *db, const wxs_config *config, int64_t until,
                        wxs_error *error);

/* How many orders the account's bucket would let through now. */
bool wxs_limits_orders(wxs_db *db, const wxs_config *config, int64_t now,
                       int64_t *orders, wxs_error *error);

/* Removes buckets that are full. Within a transaction. */
bool wxs_limits_tidy(wxs_db *db, int64_t now, wxs_error *error);

#endif
