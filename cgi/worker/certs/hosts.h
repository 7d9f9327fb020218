#ifndef WXS_CERTS_HOSTS_H
#define WXS_CERTS_HOSTS_H

#include "order_limits.h"

/* certificate_hosts of control.db: which tracking hosts need a certificate and
 * what became of the last attempt. Times in microseconds since 1970. */

/* An order that is to be made for a host. */
typedef struct {
    char host[254];
    int64_t generation;    /* that is served now, 0 = none */
    bool is_first;         /* the host never had a certificate */
    int attempts;          /* that failed in a row before this one */
    int64_t failing_since; /* 0 = it is not */
    bool forced;           /* somebody asked for it: nothing holds it up */
} wxs_order;

/* What every look at hosts needs. */
typedef struct {
    const wxs_config *config;
    const psl_ctx_t *suffixes; /* may be NULL */
    int64_t blocked_until;     /* the authority does not answer: no order is
                                  made before */
    const char *blocked_message;
} wxs_orders_view;

/* Orders that were under way when the process ended are made anew. */
bool wxs_hosts_resume(wxs_db *db, wxs_error *error);

/* Looks at hosts that are due by now, the longest first: settles those that
 * need nothing or must wait, and takes one that a certificate is to be ordered
 * for, with its share of the limits; *taken tells. *more: others are due. In a
 * transaction of its own. */
bool wxs_hosts_take(wxs_db *db, const wxs_orders_view *view, int64_t now,
                    wxs_order *order, bool *taken, bool *more,
                    wxs_error *error);

/* How an attempt ended without a certificate. */
typedef struct {
    const char *state;   /* of the host: "queued", "caa_forbids", "failing" */
    const char *code;    /* a word for programs */
    const char *message; /* a sentence for people */
    bool counts;         /* as a failure: the pause grows */
    int64_t next_at;     /* 0 = after the pause */
} wxs_order_end;

/* Writes it down. Within a transaction. */
bool wxs_hosts_ended(wxs_db *db, const wxs_order *order,
                     const wxs_order_end *end, int64_t now, wxs_error *error);

/* The order brought a certificate, which is served from now on. Within a
 * transaction. */
bool wxs_hosts_issued(wxs_db *db, const wxs_order *order, int64_t generation,
                      int64_t expires_at, int64_t renew_at, int64_t now,
                      wxs_error *error);

/* The authority answers again: hosts that waited for that are due. In a
 * transaction of its own. */
bool wxs_hosts_wake(wxs_db *db, wxs_error *error);

/* Certificates that have expired are served no more: http is better than a
 * warning. *count tells how many. In a transaction of its own. */
bool wxs_hosts_expire(wxs_db *db, int64_t now, int *count, wxs_error *error);

#endif
