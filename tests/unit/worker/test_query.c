#include <arpa/inet.h>
#include <check.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"
#include "noted_rows.h"
#include "verify/dns_query.h"

/* A nameserver that forges, and one that is merely broken, on loopback. */

#define NAME  "a-rather-long-name.customer.example"
#define TXT   16
#define SEEN  8
#define TRY   200 /* ms a try may take here */
#define PIECE 7

typedef enum {
    RIGHT,
    WRONG_ID,
    WRONG_CASE,
    WRONG_QUESTION,
    NO_RESPONSE_BIT,
    JUNK,
    LOWER_CASE, /* and then TCP */
    TRUNCATED,
    SILENT,
    REFUSES,
    FAILS,
    LAME,
    NO_EDNS,
    NEGATIVE,
    BARE_NEGATIVE, /* without the SOA */
    UNREADABLE,
} manner;

typedef struct {
    manner how;
    bool then_right;  /* a right answer follows the forged one */
    bool tcp_broken;  /* hangs up within the answer */
    unsigned slow_us; /* it thinks for so long */
    int udp, tcp, stop;
    struct sockaddr_in address;
    pthread_t thread;
    unsigned char seen[SEEN][600];
    size_t seen_length[SEEN];
    uint16_t seen_port[SEEN];
    size_t count;
} server;

static server s;

/* ---- the server ---- */

static size_t
question_end(const unsigned char *message)
{
    size_t at = 12;

    while (message[at] != 0) {
        at += message[at] + 1u;
    }
    return at + 5;
}

static size_t
append(unsigned char *to, size_t at, const void *data, size_t length)
{
    memcpy(to + at, data, length);
    return at + length;
}

/* An authoritative answer with one TXT record, of 5 characters. */
static size_t
reply(const unsigned char *query, const char *text, unsigned char *out)
{
    static const unsigned char record[] = {0xc0, 12, 0, TXT, 0, 1, 0,
                                           0,    0,  1, 0,   6, 5};
    size_t at = append(out, 0, query, question_end(query));

    out[2] = 0x84;
    out[3] = 0;
    memcpy(out + 6, "\0\1\0\0\0\0", 6);
    at = append(out, at, record, sizeof record);
    return append(out, at, text, 5);
}

static size_t
reply_negative(const unsigned char *query, bool soa, unsigned char *out)
{
    static const unsigned char record[] = {
        7, 'e', 'x', 'a', 'm', 'p', 'l', 'e', 0, 0, 6, 0, 1, 0,
        0, 0,   1,   0,   22,  0,   0,   0,   0, 0, 1, 0, 0, 0,
        1, 0,   0,   0,   1,   0,   0,   0,   1, 0, 0, 0, 1};
    size_t at = append(out, 0, query, question_end(query));

    out[2] = 0x84;
    out[3] = 3;
    memcpy(out + 6, "\0\0\0\0\0\0", 6);
    out[9] = soa;
    return soa ? append(out, at, record, sizeof record) : at;
}

/* Turns a right answer into one in the server's manner; its length. */
static size_t
spoil(unsigned char *out, size_t length, const unsigned char *query)
{
    size_t end = question_end(query);

    switch (s.how) {
    case WRONG_ID:
        out[0] ^= 1;
        break;
    case WRONG_CASE:
        for (size_t i = 12; i < end - 5; i++) {
            if ((out[i] | 0x20) >= 'a' && (out[i] | 0x20) <= 'z') {
                out[i] ^= 0x20;
            }
        }
        break;
    case LOWER_CASE:
        for (size_t i = 12; i < end - 5; i++) {
            if (out[i] >= 'A' && out[i] <= 'Z') {
                out[i] |= 0x20;
            }
        }
        break;
    case WRONG_QUESTION:
        out[13] = 'x';
        break;
    case NO_RESPONSE_BIT:
        out[2] &= 0x7f;
        break;
    case JUNK:
        return 3;
    case TRUNCATED:
        out[2] |= 2;
        break;
    case REFUSES:
        out[3] = 5;
        break;
    case FAILS:
        out[3] = 2;
        break;
    case LAME:
        out[2] &= 0xfb;
        break;
    case UNREADABLE:
        return length - 3;
    case NO_EDNS:
        if (query[11] != 0) { /* the header alone */
            out[3] = 1;
            memset(out + 4, 0, 8);
            return 12;
        }
        break;
    case NEGATIVE:
    case BARE_NEGATIVE:
        return reply_negative(query, s.how == NEGATIVE, out);
    case RIGHT:
    case SILENT:
        break;
    }
    return length;
}

static void
serve_udp(void)
{
    unsigned char query[600], out[700];
    struct sockaddr_in from;
    socklen_t size = sizeof from;
    ssize_t n = recvfrom(s.udp, query, sizeof query, 0,
                         (struct sockaddr *)&from, &size);

    if (n < 17) {
        return;
    }
    if (s.count < SEEN) {
        memcpy(s.seen[s.count], query, (size_t)n);
        s.seen_length[s.count] = (size_t)n;
        s.seen_port[s.count++] = from.sin_port;
    }
    if (s.how == SILENT) {
        return;
    }
    usleep(s.slow_us);
    bool honest = s.how == RIGHT || s.how == NO_EDNS || s.how == LOWER_CASE;
    size_t length = reply(query, honest ? "right" : "wrong", out);

    length = spoil(out, length, query);
    (void)!sendto(s.udp, out, length, 0, (struct sockaddr *)&from, size);
    if (s.then_right) {
        length = reply(query, "right", out);
        (void)!sendto(s.udp, out, length, 0, (struct sockaddr *)&from, size);
    }
}

static void
serve_tcp(void)
{
    unsigned char query[602], out[700];
    int fd = accept(s.tcp, NULL, NULL);
    size_t got = 0;

    while (fd >= 0 && (got < 2 || got < 2u + (query[0] << 8 | query[1]))) {
        ssize_t n = recv(fd, query + got, sizeof query - got, 0);

        if (n <= 0) {
            break;
        }
        got += (size_t)n;
    }
    size_t length = reply(query + 2, "right", out + 2);

    out[0] = (unsigned char)(length >> 8);
    out[1] = (unsigned char)length;
    length = s.tcp_broken ? length - 4 : length + 2;
    for (size_t at = 0; at < length; at += PIECE) {
        size_t n = length - at < PIECE ? length - at : PIECE;

        (void)!send(fd, out + at, n, MSG_NOSIGNAL);
        usleep(200);
    }
    close(fd);
}

static void *
serve(void *argument)
{
    struct pollfd polled[] = {
        {s.udp, POLLIN, 0}, {s.tcp, POLLIN, 0}, {s.stop, POLLIN, 0}};

    while (poll(polled, 3, -1) > 0 && polled[2].revents == 0) {
        if (polled[0].revents != 0) {
            serve_udp();
        }
        if (polled[1].revents != 0) {
            serve_tcp();
        }
    }
    return argument;
}

static void
server_start(manner how)
{
    socklen_t size = sizeof s.address;
    int one = 1;

    s = (server){.how = how, .stop = eventfd(0, 0)};
    do { /* until the port is free for both */
        if (s.tcp > 0) {
            close(s.udp);
            close(s.tcp);
        }
        s.address = (struct sockaddr_in){
            .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        s.udp = socket(AF_INET, SOCK_DGRAM, 0);
        s.tcp = socket(AF_INET, SOCK_STREAM, 0);
        (void)setsockopt(s.tcp, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
        ck_assert_int_eq(bind(s.udp, (struct sockaddr *)&s.address, size), 0);
        getsockname(s.udp, (struct sockaddr *)&s.address, &size);
    } while (bind(s.tcp, (struct sockaddr *)&s.address, size) != 0);
    ck_assert_int_eq(listen(s.tcp, 5), 0);
}

static void
server_run(void)
{
    ck_assert_int_eq(pthread_create(&s.thread, NULL, serve, NULL), 0);
}

static void
server_stop(void)
{
    eventfd_write(s.stop, 1);
    pthread_join(s.thread, NULL);
    close(s.udp);
    close(s.tcp);
    close(s.stop);
}

/* ---- asking it ---- */

typedef struct {
    wxs_loop *loop;
    wxs_dns_answer *answer;
    int calls;
} outcome;

static void
on_done(void *data, wxs_dns_answer *answer)
{
    outcome *o = data;

    o->answer = answer;
    o->calls++;
    wxs_loop_stop(o->loop);
}

static wxs_dns_question
question(void)
{
    static wxs_networks allow;
    wxs_dns_question q = {.name = NAME,
                          .type = TXT,
                          .server_length = sizeof s.address,
                          .allow = &allow,
                          .datagram_ms = TRY};

    inet_pton(AF_INET6, "::ffff:127.0.0.0", &allow.item[0].address);
    allow.item[0].prefix = 104;
    allow.count = 1;
    memcpy(&q.server, &s.address, sizeof s.address);
    return q;
}

static wxs_dns_answer *
ask(const wxs_dns_question *q)
{
    wxs_error error = {""};
    outcome o = {.loop = wxs_loop_new(&error)};

    ck_assert_ptr_nonnull(o.loop);
    ck_assert_ptr_nonnull(wxs_dns_ask(o.loop, q, on_done, &o));
    ck_assert_int_eq(o.calls, 0);
    ck_assert(wxs_loop_run(o.loop, &error));
    ck_assert_int_eq(o.calls, 1);
    ck_assert_ptr_nonnull(o.answer);
    wxs_loop_free(o.loop);
    return o.answer;
}

static void
expect_right(wxs_dns_answer *answer, bool tcp)
{
    ck_assert_int_eq(answer->outcome, WXS_DNS_DATA);
    ck_assert_uint_eq(answer->count, 1);
    ck_assert_str_eq((const char *)answer->value[0].data, "right");
    ck_assert_int_eq(answer->tcp, tcp);
    wxs_dns_answer_free(answer);
}

static void
expect_outcome(wxs_dns_answer *answer, wxs_dns_outcome wanted)
{
    ck_assert_msg(answer->outcome == wanted, "%s instead of %s",
                  wxs_dns_outcome_name(answer->outcome),
                  wxs_dns_outcome_name(wanted));
    ck_assert_uint_eq(answer->count, 0);
    wxs_dns_answer_free(answer);
}

static const manner forgeries[] = {WRONG_ID, WRONG_QUESTION, NO_RESPONSE_BIT,
                                   JUNK, WRONG_CASE};

START_TEST(a_forged_answer_is_waited_out)
{
    wxs_dns_question q;

    server_start(forgeries[_i]);
    s.then_right = true;
    server_run();
    q = question();
    expect_right(ask(&q), false);
    ck_assert_uint_eq(s.count, 1);
    server_stop();
}
END_TEST

START_TEST(a_forged_answer_alone_is_none)
{
    wxs_dns_question q;

    server_start(forgeries[_i]);
    server_run();
    q = question();
    expect_outcome(ask(&q), WXS_DNS_TIMEOUT);
    ck_assert_uint_eq(s.count, WXS_DNS_TRIES);
    server_stop();
}
END_TEST

static const struct {
    manner how;
    wxs_dns_outcome outcome;
} honest[] = {{REFUSES, WXS_DNS_REFUSED},    {FAILS, WXS_DNS_SERVFAIL},
              {LAME, WXS_DNS_LAME},          {NEGATIVE, WXS_DNS_NXDOMAIN},
              {BARE_NEGATIVE, WXS_DNS_LAME}, {UNREADABLE, WXS_DNS_MALFORMED}};

START_TEST(answers_are_told_apart)
{
    wxs_dns_question q;

    server_start(honest[_i].how);
    server_run();
    q = question();
    expect_outcome(ask(&q), honest[_i].outcome);
    ck_assert_uint_eq(s.count, 1);
    server_stop();
}
END_TEST

START_TEST(every_try_is_hard_to_guess)
{
    wxs_dns_question q;
    int64_t before = wxs_monotonic_ms();

    server_start(SILENT);
    server_run();
    q = question();
    expect_outcome(ask(&q), WXS_DNS_TIMEOUT);
    server_stop();
    ck_assert_int_ge(wxs_monotonic_ms() - before, WXS_DNS_TRIES * TRY - 50);
    ck_assert_uint_eq(s.count, WXS_DNS_TRIES);
    for (size_t i = 1; i < s.count; i++) {
        ck_assert_uint_eq(s.seen_length[i], s.seen_length[0]);
        ck_assert_uint_ne(s.seen_port[i], s.seen_port[i - 1]);
        /* one chance in 2^16, and in 2^28 for the case */
        ck_assert_int_ne(memcmp(s.seen[i], s.seen[i - 1], 2), 0);
        ck_assert_int_ne(memcmp(s.seen[i] + 12, s.seen[i - 1] + 12,
                                question_end(s.seen[0]) - 12),
                         0);
        ck_assert_int_eq(s.seen[i][2] & 1, 0); /* no recursion */
    }
}
END_TEST

START_TEST(a_right_answer)
{
    wxs_dns_question q;

    server_start(RIGHT);
    server_run();
    q = question();
    expect_right(ask(&q), false);
    q.recursive = true;
    expect_right(ask(&q), false);
    ck_assert_int_eq(s.seen[1][2] & 1, 1);
    q.tcp = true;
    expect_right(ask(&q), true);
    server_stop();
}
END_TEST

/* Row Z14: slow is as good as fast. */
START_TEST(a_slow_answer_is_right)
{
    wxs_dns_question q;

    server_start(RIGHT);
    s.slow_us = TRY * 1000 / 2;
    server_run();
    q = question();
    expect_right(ask(&q), false);
    ck_assert_uint_eq(s.count, 1);
    note_row("Z14", "ok");
    server_stop();
}
END_TEST

START_TEST(a_truncated_answer_is_fetched_over_tcp)
{
    wxs_dns_question q;

    server_start(TRUNCATED);
    server_run();
    q = question();
    expect_right(ask(&q), true);
    server_stop();
}
END_TEST

START_TEST(a_server_that_loses_case_is_asked_over_tcp)
{
    wxs_dns_question q;

    server_start(LOWER_CASE);
    server_run();
    q = question();
    expect_right(ask(&q), true);
    ck_assert_uint_eq(s.count, 1);
    server_stop();
}
END_TEST

START_TEST(a_broken_tcp_answer_is_none)
{
    wxs_dns_question q;

    server_start(TRUNCATED);
    s.tcp_broken = true;
    server_run();
    q = question();
    expect_outcome(ask(&q), WXS_DNS_UNREACHABLE);
    server_stop();
}
END_TEST

START_TEST(a_server_without_edns_is_asked_without)
{
    wxs_dns_question q;

    server_start(NO_EDNS);
    server_run();
    q = question();
    expect_right(ask(&q), false);
    ck_assert_uint_eq(s.count, 2);
    ck_assert_int_eq(s.seen[0][11], 1);
    ck_assert_int_eq(s.seen[1][11], 0);
    server_stop();
}
END_TEST

START_TEST(a_closed_port_is_seen_at_once)
{
    wxs_dns_question q;
    int64_t before;

    server_start(RIGHT);
    server_run();
    server_stop();
    q = question();
    before = wxs_monotonic_ms();
    expect_outcome(ask(&q), WXS_DNS_UNREACHABLE);
    q.tcp = true;
    expect_outcome(ask(&q), WXS_DNS_UNREACHABLE);
    ck_assert_int_lt(wxs_monotonic_ms() - before, TRY);
}
END_TEST

START_TEST(a_special_address_is_not_asked)
{
    static const wxs_networks none;
    wxs_dns_question q;

    server_start(RIGHT);
    server_run();
    q = question();
    q.allow = &none;
    expect_outcome(ask(&q), WXS_DNS_NOT_PUBLIC);
    q.allow = NULL; /* as the configured resolver */
    expect_right(ask(&q), false);
    ck_assert_uint_eq(s.count, 1);
    server_stop();
}
END_TEST

START_TEST(a_cancelled_query_is_never_done)
{
    wxs_error error = {""};
    outcome o = {.loop = wxs_loop_new(&error)};
    wxs_dns_question q;

    server_start(RIGHT);
    server_run();
    q = question();
    wxs_dns_query *first = wxs_dns_ask(o.loop, &q, on_done, &o);

    ck_assert_ptr_nonnull(first);
    ck_assert_ptr_nonnull(wxs_dns_ask(o.loop, &q, on_done, &o));
    wxs_dns_cancel(first);
    ck_assert(wxs_loop_run(o.loop, &error));
    ck_assert_int_eq(o.calls, 1);
    expect_right(o.answer, false);
    wxs_loop_free(o.loop);
    server_stop();
}
END_TEST

START_TEST(what_is_no_name_is_not_asked)
{
    wxs_error error = {""};
    outcome o = {.loop = wxs_loop_new(&error)};
    wxs_dns_question q = {.name = "a..b", .type = TXT};

    ck_assert_ptr_null(wxs_dns_ask(o.loop, &q, on_done, &o));
    wxs_loop_free(o.loop);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("query");
    TCase *cases = tcase_create("query");
    SRunner *runner;
    int failed;

    tcase_set_timeout(cases, 20);
    tcase_add_loop_test(cases, a_forged_answer_is_waited_out, 0, 5);
    /* another case leads to TCP, see there */
    tcase_add_loop_test(cases, a_forged_answer_alone_is_none, 0, 4);
    tcase_add_loop_test(cases, answers_are_told_apart, 0, 6);
    tcase_add_test(cases, every_try_is_hard_to_guess);
    tcase_add_test(cases, a_right_answer);
    tcase_add_test(cases, a_slow_answer_is_right);
    tcase_add_test(cases, a_truncated_answer_is_fetched_over_tcp);
    tcase_add_test(cases, a_server_that_loses_case_is_asked_over_tcp);
    tcase_add_test(cases, a_broken_tcp_answer_is_none);
    tcase_add_test(cases, a_server_without_edns_is_asked_without);
    tcase_add_test(cases, a_closed_port_is_seen_at_once);
    tcase_add_test(cases, a_special_address_is_not_asked);
    tcase_add_test(cases, a_cancelled_query_is_never_done);
    tcase_add_test(cases, what_is_no_name_is_not_asked);
    suite_add_tcase(suite, cases);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
