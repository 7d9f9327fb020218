#ifndef WXS_VERIFY_DNS_QUERY_INTERNAL_H
#define WXS_VERIFY_DNS_QUERY_INTERNAL_H

#include <ldns/ldns.h>

#include "dns_message.h"
#include "dns_query.h"

/* What asking and receiving share of a query. */

struct wxs_dns_query {
    wxs_loop *loop;
    wxs_dns_done *done;
    void *data;
    wxs_dns_question question;
    ldns_rdf *name;
    wxs_watch watch; /* fd -1: none open */
    wxs_timer timer;
    wxs_dns_pass pass;
    int64_t waiting_since; /* monotonic ms, while the server is spared */
    int64_t deadline;      /* of everything, monotonic ms */
    int tries;             /* UDP tries made */
    bool edns;
    bool tcp;
    bool truncated; /* the answer over UDP was */
    bool silent;    /* the nameserver has not answered anybody lately */
    bool recased;   /* an answer came in another letter case */
    /* 2 bytes of length, which only TCP sends, then the message */
    unsigned char query[2 + WXS_DNS_QUERY_MAX];
    size_t query_length; /* of the message */
    size_t sent;
    unsigned char head[2]; /* TCP: length of the answer */
    unsigned char *body;   /* TCP: NULL until the length is known */
    size_t received;
};

/* Ends the present try. */
void wxs_query_close(wxs_dns_query *query);

/* End the query, with an answer or without one; it is gone afterwards. */
void wxs_query_finish(wxs_dns_query *query, wxs_dns_answer *answer);
void wxs_query_fail(wxs_dns_query *query, wxs_dns_outcome failure);

/* Goes on over TCP, or without EDNS, with a new id. */
void wxs_query_change_way(wxs_dns_query *query, bool tcp);

/* Reads what the socket has; the query may be gone afterwards. */
void wxs_query_take_datagrams(wxs_dns_query *query);
void wxs_query_take_stream(wxs_dns_query *query);

#endif
