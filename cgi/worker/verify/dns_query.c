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
#include "dns_message.h"

#define DATAGRAM_MAX     4096
#define NO_DESCRIPTOR_MS 50

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

static void start_try(wxs_dns_query *query);
static void send_try(wxs_dns_query *query);

/* ---- ends ---- */

static void
close_socket(wxs_dns_query *query)
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
    close_socket(query);
    wxs_loop_disarm(query->loop, &query->timer);
    ldns_rdf_deep_free(query->name);
    free(query);
}

static void
finish(wxs_dns_query *query, wxs_dns_answer *answer)
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

static void
finish_failed(wxs_dns_query *query, wxs_dns_outcome failure)
{
    finish(query, wxs_dns_answer_new(failure));
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
    close_socket(query);
    if (was_tcp || wxs_monotonic_ms() >= query->deadline ||
        (query->tries >= tries_of(query) && !query->recased)) {
        finish_failed(query, failure);
        return;
    }
    query->tcp = query->recased;
    start_try(query);
}

/* Goes on over TCP, or without EDNS, with a new id. */
static void
change_way(wxs_dns_query *query, bool tcp)
{
    close_socket(query);
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

/* ---- receiving ---- */

/* True if the query is over or began anew, and must not be touched. */
static bool
take_message(wxs_dns_query *query, const unsigned char *message, size_t length)
{
    wxs_dns_answer *answer = NULL;

    switch (wxs_dns_answer_read(query->query + 2, query->query_length, message,
                                length, &answer)) {
    case WXS_DNS_ANSWERED:
        wxs_dns_gate_heard(&query->pass);
        finish(query, answer);
        return true;
    case WXS_DNS_TRUNCATED:
        query->truncated = true;
        if (query->tcp) {
            finish_failed(query, WXS_DNS_MALFORMED);
        } else {
            change_way(query, true);
        }
        return true;
    case WXS_DNS_NO_EDNS:
        query->edns = false;
        change_way(query, query->tcp);
        return true;
    case WXS_DNS_RECASED:
        query->recased = true;
        return false;
    case WXS_DNS_FOREIGN:
        return false;
    }
    return false;
}

static void
receive_datagrams(wxs_dns_query *query)
{
    unsigned char message[DATAGRAM_MAX];

    for (;;) {
        ssize_t n = recv(query->watch.fd, message, sizeof message, MSG_TRUNC);

        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            if (errno != EAGAIN && errno != EWOULDBLOCK) {
                close_socket(query);
                finish_failed(query, WXS_DNS_UNREACHABLE);
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

static void
receive_stream(wxs_dns_query *query)
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
                finish_failed(query, WXS_DNS_MALFORMED);
                return;
            }
        }
        if (query->received == sizeof query->head + length) {
            if (!take_message(query, query->body, length)) {
                finish_failed(query, WXS_DNS_MALFORMED);
            }
            return;
        }
    }
    if (more < 0) {
        finish_failed(query, WXS_DNS_UNREACHABLE);
    }
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
        finish_failed(query, WXS_DNS_UNREACHABLE);
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
            finish_failed(query, WXS_DNS_UNREACHABLE);
            return;
        }
        query->sent += (size_t)n;
    }
    if (!wxs_loop_rewatch(query->loop, &query->watch, EPOLLIN)) {
        finish_failed(query, WXS_DNS_LOCAL);
    }
}

static void
on_ready(void *data, uint32_t events)
{
    wxs_dns_query *query = data;

    if (!query->tcp) {
        receive_datagrams(query);
    } else if (query->sent < 2 + query->query_length) {
        send_stream(query);
    } else if (events != 0) {
        receive_stream(query);
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
        finish_failed(query, WXS_DNS_TIMEOUT);
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
        close_socket(query);
        finish_failed(query, outcome == WXS_DNS_DATA ? WXS_DNS_LOCAL : outcome);
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
