#ifndef WXS_VERIFY_DNS_QUERY_H
#define WXS_VERIFY_DNS_QUERY_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "config.h"
#include "dns_answer.h"
#include "dns_gate.h"
#include "dns_loop.h"

/* One question to one server address: over UDP, each try from a connected
 * socket of its own with a new id and new letter case (RFC 5452), over TCP
 * when the answer is truncated (RFC 7766). */

#define WXS_DNS_DATAGRAM_MS 1500
#define WXS_DNS_TCP_MS      4000
#define WXS_DNS_TOTAL_MS    6000
#define WXS_DNS_TRIES       3

typedef struct {
    const char *name; /* presentation form; needed during wxs_dns_ask() only */
    uint16_t type;    /* as in DNS: 16 = TXT */
    struct sockaddr_storage server;
    socklen_t server_length;
    bool recursive; /* asks for recursion; else wants authority */
    bool dnssec;    /* recursive: wants validation (DO) */
    bool unchecked; /* recursive: wants the data whether valid or not (CD) */
    bool tcp;       /* goes to TCP at once */
    wxs_dns_gate *gate; /* every try passes it; NULL = none. Outlives the query.
                         */
    /* Checked before a socket is connected; NULL if the operator named the
     * server. Outlives the query. */
    const wxs_networks *allow;
    int datagram_ms; /* 0 = WXS_DNS_DATAGRAM_MS */
    int total_ms;    /* 0 = WXS_DNS_TOTAL_MS */
} wxs_dns_question;

typedef struct wxs_dns_query wxs_dns_query;

/* The answer belongs to the function; NULL if memory was out. The query is
 * gone by then. */
typedef void wxs_dns_done(void *data, wxs_dns_answer *answer);

/* Asks; done is called later, from the loop, never from here. NULL (and done
 * never called) if memory is out or the name is none. */
wxs_dns_query *wxs_dns_ask(wxs_loop *loop, const wxs_dns_question *question,
                           wxs_dns_done *done, void *data);

/* Has no try been sent yet, because the server is spared? */
bool wxs_dns_waits(const wxs_dns_query *query);

/* Forgets a query whose done was not called yet. */
void wxs_dns_cancel(wxs_dns_query *query);

#endif
