#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "dns_query_internal.h"

/* What comes in on a query's socket: over UDP a message at a time, over TCP in
 * pieces behind a length (RFC 1035 4.2.2). */

#define DATAGRAM_MAX 4096

/* True if the query is over or began anew, and must not be touched. */
static bool
take_message(wxs_dns_query *query, const unsigned char *message, size_t length)
{
    wxs_dns_answer *answer = NULL;

    switch (wxs_dns_answer_read(query->query + 2, query->query_length, message,
                                length, &answer)) {
    case WXS_DNS_ANSWERED:
        wxs_dns_gate_heard(&query->pass);
        wxs_query_finish(query, answer);
        return true;
    case WXS_DNS_TRUNCATED:
        query->truncated = true;
        if (query->tcp) {
            wxs_query_fail(query, WXS_DNS_MALFORMED);
        } else {
            wxs_query_change_way(query, true);
        }
        return true;
    case WXS_DNS_NO_EDNS:
        query->edns = false;
        wxs_query_change_way(query, query->tcp);
        return true;
    case WXS_DNS_RECASED:
        query->recased = true;
        return false;
    case WXS_DNS_FOREIGN:
        return false;
    }
    return false;
}

void
wxs_query_take_datagrams(wxs_dns_query *query)
{
    unsigned char message[DATAGRAM_MAX];

    for (;;) {
        ssize_t n = recv(query->watch.fd, message, sizeof message, MSG_TRUNC);

        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            if (errno != EAGAIN && errno != EWOULDBLOCK) {
                wxs_query_close(query);
                wxs_query_fail(query, WXS_DNS_UNREACHABLE);
            }
            return;
        }
        if ((size_t)n <= sizeof message &&
            take_message(query, message, (size_t)n)) {
            return;
        }
    }
}

/* Reads into the head, then the body: 1 something came, 0 nothing there, -1
 * the connection is over. */
static int
receive_some(wxs_dns_query *query)
{
    bool in_head = query->received < sizeof query->head;
    size_t body_length = (size_t)query->head[0] << 8 | query->head[1];
    unsigned char *to =
        in_head ? query->head + query->received
                : query->body + query->received - sizeof query->head;
    size_t want = in_head ? sizeof query->head - query->received
                          : sizeof query->head + body_length - query->received;
    ssize_t n = recv(query->watch.fd, to, want, 0);

    if (n > 0) {
        query->received += (size_t)n;
        return 1;
    }
    if (n < 0 && errno == EINTR) {
        return 1;
    }
    return n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK) ? 0 : -1;
}

void
wxs_query_take_stream(wxs_dns_query *query)
{
    int more;

    while ((more = receive_some(query)) == 1) {
        if (query->received < sizeof query->head) {
            continue;
        }
        size_t length = (size_t)query->head[0] << 8 | query->head[1];

        if (query->body == NULL) {
            query->body = length == 0 ? NULL : malloc(length);
            if (query->body == NULL) {
                wxs_query_fail(query, WXS_DNS_MALFORMED);
                return;
            }
        }
        if (query->received == sizeof query->head + length) {
            if (!take_message(query, query->body, length)) {
                wxs_query_fail(query, WXS_DNS_MALFORMED);
            }
            return;
        }
    }
    if (more < 0) {
        wxs_query_fail(query, WXS_DNS_UNREACHABLE);
    }
}
