#include "dns_query.h"

#include <errno.h>
#include <ldns/ldns.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"
#include "dns_address.h"
#include "dns_query_internal.h"

#define NO_DESCRIPTOR_MS 50

static void start_try(wxs_dns_query *query);
static void send_try(wxs_dns_query *query);

/* ---- ends ---- */

void
wxs_query_close(wxs_dns_query *query)
{
    if (query->watch.fd >= 0) {
        wxs_loop_close(query->loop, &query->watch);
    }
    wxs_dns_gate_leave(&query->pass);
    free(query->body);
    query->body = NULL;
    query->sent = 0;
    query->received = 0;
}

void
wxs_dns_cancel(wxs_dns_query *query)
{
    wxs_query_close(query);
    wxs_loop_disarm(query->loop, &query->timer);
    ldns_rdf_deep_free(query->name);
    free(query);
}

void
wxs_query_finish(wxs_dns_query *query, wxs_dns_answer *answer)
{
    wxs_dns_done *done = query->done;
    void *data = query->data;

    if (answer != NULL) {
        answer->tcp = query->tcp;
        answer->truncated = query->truncated;
    }
    wxs_dns_cancel(query);
    done(data, answer);
}

void
wxs_query_fail(wxs_dns_query *query, wxs_dns_outcome failure)
{
    wxs_query_finish(query, wxs_dns_answer_new(failure));
}

/* A nameserver that has been silent all the time is asked once. */
static int
tries_of(const wxs_dns_query *query)
{
    return query->silent ? 1 : WXS_DNS_TRIES;
}

/* The present try is over without an answer. */
static void
try_again(wxs_dns_query *query, wxs_dns_outcome failure)
{
    bool was_tcp = query->tcp;

    query->silent = wxs_dns_gate_unheard(&query->pass);
    wxs_query_close(query);
    if (was_tcp || wxs_monotonic_ms() >= query->deadline ||
        (query->tries >= tries_of(query) && !query->recased)) {
        wxs_query_fail(query, failure);
        return;
    }
    query->tcp = query->recased;
    start_try(query);
}

void
wxs_query_change_way(wxs_dns_query *query, bool tcp)
{
    wxs_query_close(query);
    query->tcp = tcp;
    start_try(query);
}

static void
on_timer(void *data)
{
    wxs_dns_query *query = data;

    if (query->watch.fd < 0) {
        start_try(query); /* the first one */
        return;
    }
    try_again(query, WXS_DNS_TIMEOUT);
}

/* ---- sending ---- */

static void
send_stream(wxs_dns_query *query)
{
    size_t total = 2 + query->query_length;
    int failed = 0;
    socklen_t size = sizeof failed;

    if (getsockopt(query->watch.fd, SOL_SOCKET, SO_ERROR, &failed, &size) !=
            0 ||
        failed != 0) {
        wxs_query_fail(query, WXS_DNS_UNREACHABLE);
        return;
    }
    while (query->sent < total) {
        ssize_t n = send(query->watch.fd, query->query + query->sent,
                         total - query->sent, MSG_NOSIGNAL);

        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
            return;
        }
        if (n < 0) {
            wxs_query_fail(query, WXS_DNS_UNREACHABLE);
            return;
        }
        query->sent += (size_t)n;
    }
    if (!wxs_loop_rewatch(query->loop, &query->watch, EPOLLIN)) {
        wxs_query_fail(query, WXS_DNS_LOCAL);
    }
}

static void
on_ready(void *data, uint32_t events)
{
    wxs_dns_query *query = data;

    if (!query->tcp) {
        wxs_query_take_datagrams(query);
    } else if (query->sent < 2 + query->query_length) {
        send_stream(query);
    } else if (events != 0) {
        wxs_query_take_stream(query);
    }
}

/* Would this reach ourselves? The kernel then picks the same address for both
 * ends. */
static bool
connected_to_self(int fd, const struct sockaddr *server)
{
    struct sockaddr_storage own;
    socklen_t length = sizeof own;

    if (getsockname(fd, (struct sockaddr *)&own, &length) != 0 ||
        own.ss_family != server->sa_family) {
        return false;
    }
    if (server->sa_family == AF_INET) {
        return memcmp(&((struct sockaddr_in *)&own)->sin_addr,
                      &((const struct sockaddr_in *)server)->sin_addr, 4) == 0;
    }
    return memcmp(&((struct sockaddr_in6 *)&own)->sin6_addr,
                  &((const struct sockaddr_in6 *)server)->sin6_addr, 16) == 0;
}

/* WXS_DNS_DATA if the socket is on its way, else what went wrong. */
static wxs_dns_outcome
open_socket(wxs_dns_query *query)
{
    const wxs_dns_question *question = &query->question;
    const struct sockaddr *server = (const struct sockaddr *)&question->server;

    if (question->allow != NULL &&
        !wxs_address_allowed(server, question->allow)) {
        return WXS_DNS_NOT_PUBLIC;
    }
    query->watch.fd = socket(server->sa_family,
                             (query->tcp ? SOCK_STREAM : SOCK_DGRAM) |
                                 SOCK_NONBLOCK | SOCK_CLOEXEC,
                             0);
    if (query->watch.fd < 0) {
        return errno == EAFNOSUPPORT ? WXS_DNS_UNREACHABLE : WXS_DNS_LOCAL;
    }
    if (connect(query->watch.fd, server, question->server_length) != 0 &&
        errno != EINPROGRESS) {
        return WXS_DNS_UNREACHABLE;
    }
    if (question->allow != NULL &&
        !wxs_address_listed(server, question->allow) &&
        connected_to_self(query->watch.fd, server)) {
        return WXS_DNS_NOT_PUBLIC;
    }
    if (!wxs_loop_watch(query->loop, &query->watch,
                        query->tcp ? EPOLLOUT : EPOLLIN)) {
        return WXS_DNS_LOCAL;
    }
    if (!query->tcp &&
        send(query->watch.fd, query->query + 2, query->query_length, 0) < 0) {
        return WXS_DNS_UNREACHABLE;
    }
    return WXS_DNS_DATA;
}

/* Writes the message with its length before it; 0 if that failed. */
static size_t
build(wxs_dns_query *query)
{
    const wxs_dns_question *question = &query->question;
    const wxs_dns_shape shape = {.type = question->type,
                                 .recursive = question->recursive,
                                 .edns = query->edns,
                                 .dnssec = question->dnssec,
                                 .unchecked = question->unchecked,
                                 /* TCP needs no mixed case, and it is the way
                                  * to servers that do not keep it */
                                 .mixed_case = !query->tcp};
    size_t length =
        wxs_dns_message_build(query->name, &shape, query->query + 2);

    query->query[0] = (unsigned char)(length >> 8);
    query->query[1] = (unsigned char)length;
    return length;
}

static void
send_try(wxs_dns_query *query)
{
    int datagram_ms = query->question.datagram_ms > 0
                          ? query->question.datagram_ms
                          : WXS_DNS_DATAGRAM_MS;
    int64_t ms = query->tcp ? WXS_DNS_TCP_MS : datagram_ms;
    int64_t now = wxs_monotonic_ms();
    wxs_dns_outcome outcome = WXS_DNS_LOCAL;

    errno = 0;
    query->deadline += now - query->waiting_since;
    query->waiting_since = 0;
    if (!query->tcp) {
        query->tries++;
    }
    if (query->deadline <= now) {
        wxs_query_fail(query, WXS_DNS_TIMEOUT);
        return;
    }
    if (ms > query->deadline - now) {
        ms = query->deadline - now;
    }
    query->query_length = build(query);
    if (query->query_length > 0) {
        outcome = open_socket(query);
    }
    if (outcome == WXS_DNS_LOCAL && query->watch.fd < 0 &&
        (errno == EMFILE || errno == ENFILE) &&
        wxs_loop_arm(query->loop, &query->timer, NO_DESCRIPTOR_MS)) {
        wxs_dns_gate_leave(&query->pass);
        query->tries -= !query->tcp;
        return; /* others will be closed meanwhile */
    }
    if (outcome != WXS_DNS_DATA ||
        !wxs_loop_arm(query->loop, &query->timer, ms)) {
        wxs_query_close(query);
        wxs_query_fail(query,
                       outcome == WXS_DNS_DATA ? WXS_DNS_LOCAL : outcome);
    }
}

static void
on_admitted(void *data)
{
    send_try(data);
}

/* Time spent in waiting does not count for the deadline. */
static void
start_try(wxs_dns_query *query)
{
    const wxs_dns_question *question = &query->question;

    wxs_loop_disarm(query->loop, &query->timer);
    query->waiting_since = wxs_monotonic_ms();
    if (question->gate == NULL ||
        wxs_dns_gate_enter(question->gate,
                           (const struct sockaddr *)&question->server,
                           &query->pass)) {
        send_try(query);
    }
}

bool
wxs_dns_waits(const wxs_dns_query *query)
{
    return query->waiting_since != 0 && query->tries == 0;
}

wxs_dns_query *
wxs_dns_ask(wxs_loop *loop, const wxs_dns_question *question,
            wxs_dns_done *done, void *data)
{
    wxs_dns_query *query = calloc(1, sizeof *query);

    if (query == NULL) {
        return NULL;
    }
    query->loop = loop;
    query->done = done;
    query->data = data;
    query->question = *question;
    query->tcp = question->tcp;
    query->edns = true;
    query->watch = (wxs_watch){.fd = -1, .ready = on_ready, .data = query};
    query->timer = (wxs_timer){.fire = on_timer, .data = query};
    query->pass = (wxs_dns_pass){.admit = on_admitted, .data = query};
    query->deadline =
        wxs_monotonic_ms() +
        (question->total_ms > 0 ? question->total_ms : WXS_DNS_TOTAL_MS);
    if (ldns_str2rdf_dname(&query->name, question->name) != LDNS_STATUS_OK ||
        !wxs_loop_arm(loop, &query->timer, 0)) {
        ldns_rdf_deep_free(query->name);
        free(query);
        return NULL;
    }
    query->question.name = NULL;
    return query;
}
