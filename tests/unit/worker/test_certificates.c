#include "state.h"

#include "certs/hosts.h"
#include "certs/renewal.h"

#define SECOND INT64_C(1000000)
#define HOUR   (3600 * SECOND)
#define DAY    (24 * HOUR)
#define NOW    (1000 * DAY)

static state s;
static wxs_db *db;
static psl_ctx_t *suffixes;

/* Two hosts of a domain, and one that is verified in two. */
static void
setup(void)
{
    state_make(&s);
    db = state_open(&s, WXS_DB_CONTROL);
    suffixes = psl_latest(NULL);
    db_exec(db,
            "INSERT INTO accounts (number, id, name, created_at) "
            "VALUES (1, 'a', 'a', 1);"
            "INSERT INTO domains (number, id, account, name, region, "
            "return_path, open_tracking, click_tracking, tls, state, "
            "state_since, created_at) VALUES "
            "(1, 'd1', 1, 'a.co.uk', 'us-east-1', 'send', 1, 1, "
            "'opportunistic', 'verified', 1, 1),"
            "(2, 'd2', 1, 'b.co.uk', 'us-east-1', 'send', 1, 1, "
            "'opportunistic', 'verified', 1, 1);"
            "INSERT INTO tracking_hosts (number, domain, label, host, "
            "created_at) VALUES (1, 1, 'l', 'l.a.co.uk', 1), "
            "(2, 1, 'm', 'm.a.co.uk', 1), (3, 2, 'l', 'l.b.co.uk', 1);"
            "INSERT INTO records (domain, kind, fqdn, type, value, "
            "tracking_host) VALUES (1, 'tracking', 'l.a.co.uk', 'CNAME', 't', "
            "1), (1, 'tracking', 'm.a.co.uk', 'CNAME', 't', 2), "
            "(2, 'tracking', 'l.b.co.uk', 'CNAME', 't', 3)");
}

static void
teardown(void)
{
    psl_free(suffixes);
    wxs_db_close(db);
    state_remove(&s);
}

/* As the verifier does it. */
static void
verify(int host)
{
    char sql[200];

    (void)snprintf(sql, sizeof sql,
                   "UPDATE records SET status = 'verified' WHERE "
                   "tracking_host = %d; UPDATE tracking_hosts SET "
                   "verified_at = 1 WHERE number = %d AND verified_at IS NULL",
                   host, host);
    db_exec(db, sql);
}

static bool
take_with(const wxs_orders_view *view, int64_t now, wxs_order *order)
{
    wxs_error error = {""};
    bool taken, more;

    ck_assert_msg(wxs_hosts_take(db, view, now, order, &taken, &more, &error),
                  "%s", error.text);
    return taken;
}

static bool
take(int64_t now, wxs_order *order)
{
    const wxs_orders_view view = {.config = &s.config, .suffixes = suffixes};

    return take_with(&view, now, order);
}

static void
end(const wxs_order *order, const char *word, const char *code, bool counts,
    int64_t next_at, int64_t now)
{
    const wxs_order_end how = {.state = word,
                               .code = code,
                               .message = "said",
                               .counts = counts,
                               .next_at = next_at};
    wxs_error error = {""};

    ck_assert(wxs_db_begin(db, &error));
    ck_assert_msg(wxs_hosts_ended(db, order, &how, now, &error), "%s",
                  error.text);
    ck_assert(wxs_db_commit(db, &error));
}

static void
issue(const wxs_order *order, int64_t not_after, int64_t renew, int64_t now)
{
    char sql[600];
    wxs_error error = {""};

    (void)snprintf(
        sql, sizeof sql,
        "INSERT INTO certificates (host, sealed, issuer, not_before,"
        " not_after, issued_at) VALUES ('%s', x'00', 'i', 0, %" PRId64
        ", %" PRId64 ")",
        order->host, not_after, now);
    ck_assert(wxs_db_begin(db, &error));
    db_exec(db, sql);
    ck_assert_msg(wxs_hosts_issued(db, order, wxs_db_last_id(db), not_after,
                                   renew, now, &error),
                  "%s", error.text);
    ck_assert(wxs_db_commit(db, &error));
}

static const char *
host_field(const char *host, const char *field)
{
    static char text[300];
    sqlite3_stmt *row;
    char sql[200];

    (void)snprintf(sql, sizeof sql,
                   "SELECT coalesce(%s, '') FROM certificate_hosts "
                   "WHERE host = '%s'",
                   field, host);
    ck_assert_int_eq(sqlite3_prepare_v2(wxs_db_handle(db), sql, -1, &row, NULL),
                     SQLITE_OK);
    ck_assert_int_eq(sqlite3_step(row), SQLITE_ROW);
    (void)snprintf(text, sizeof text, "%s", sqlite3_column_text(row, 0));
    sqlite3_finalize(row);
    return text;
}

/* ---- times ---- */

START_TEST(renewal_is_before_the_end)
{
    const int64_t start = NOW, end_90 = start + 90 * DAY;

    ck_assert_int_eq(wxs_renewal_at(start, end_90, start, 0),
                     end_90 - 30 * DAY);
    ck_assert_int_eq(wxs_renewal_at(start, end_90, start, UINT32_MAX),
                     end_90 - 33 * DAY);
    ck_assert_int_eq(wxs_renewal_at(start, start + 6 * DAY, start, 0),
                     start + 4 * DAY);
    ck_assert_int_eq(wxs_renewal_at(start, start + 3650 * DAY, start, 0),
                     start + 3620 * DAY);
    /* one that is nearly over is not renewed at once and for ever */
    ck_assert_int_eq(
        wxs_renewal_at(start, end_90, end_90 - 10 * DAY, UINT32_MAX),
        end_90 - 5 * DAY);
}
END_TEST

START_TEST(pauses_grow)
{
    int64_t before = 0;

    for (int failures = 1; failures <= 7; failures++) {
        int64_t pause = wxs_renewal_pause(failures, 0);

        ck_assert_int_gt(pause, before);
        ck_assert_int_eq(wxs_renewal_pause(failures, UINT32_MAX),
                         pause + pause / 10);
        before = pause;
    }
    ck_assert_int_eq(wxs_renewal_pause(1, 0), 300 * SECOND);
    ck_assert_int_eq(wxs_renewal_pause(1000, 0), DAY);
}
END_TEST

/* ---- limits ---- */

static bool
take_limit(const char *host, bool is_first, int64_t now, wxs_limit *hit,
           int64_t *until)
{
    const wxs_limit_subject subject = {
        host, wxs_limit_registered(suffixes, host), is_first};
    wxs_error error = {""};

    *hit = WXS_LIMIT_NONE;
    ck_assert_msg(
        wxs_limits_take(db, &s.config, &subject, now, hit, until, &error), "%s",
        error.text);
    return *hit == WXS_LIMIT_NONE;
}

START_TEST(a_registered_domain_has_its_limit)
{
    int64_t until;
    wxs_limit hit;

    s.config.acme.domain_limit = (wxs_quota){2, 7 * DAY / 1000};
    ck_assert(take_limit("a.x.co.uk", true, NOW, &hit, &until));
    ck_assert(take_limit("b.x.co.uk", true, NOW, &hit, &until));
    ck_assert(!take_limit("c.x.co.uk", true, NOW, &hit, &until));
    ck_assert_int_eq(hit, WXS_LIMIT_DOMAIN);
    ck_assert_int_eq(until, NOW + 7 * DAY / 2);
    /* a later certificate of a host is not counted, another domain is free */
    ck_assert(take_limit("a.x.co.uk", false, NOW, &hit, &until));
    ck_assert(take_limit("a.y.co.uk", true, NOW, &hit, &until));
    ck_assert(!take_limit("c.x.co.uk", true, until - 1, &hit, &until));
    ck_assert(take_limit("c.x.co.uk", true, until, &hit, &until));
}
END_TEST

START_TEST(the_account_has_its_limit)
{
    int64_t until, orders;
    wxs_limit hit;
    wxs_error error;

    s.config.acme.order_limit = (wxs_quota){3, HOUR / 1000};
    for (int i = 0; i < 3; i++)
        ck_assert(take_limit("a.example", false, NOW, &hit, &until));
    ck_assert(!take_limit("b.example", false, NOW, &hit, &until));
    ck_assert_int_eq(hit, WXS_LIMIT_ORDERS);
    ck_assert_int_eq(until, NOW + HOUR / 3);
    ck_assert(wxs_limits_orders(db, &s.config, NOW + HOUR, &orders, &error));
    ck_assert_int_eq(orders, 3);
    /* the authority knows better */
    ck_assert(wxs_limits_exhaust(db, &s.config, NOW + 2 * HOUR, &error));
    ck_assert(
        !take_limit("b.example", false, NOW + 2 * HOUR - 1, &hit, &until));
    ck_assert_int_eq(until, NOW + 2 * HOUR);
    ck_assert(take_limit("b.example", false, NOW + 2 * HOUR, &hit, &until));
    /* a clock that was far ahead does not block orders for ever */
    ck_assert(take_limit("c.example", false, NOW + 999 * DAY, &hit, &until));
    ck_assert(!take_limit("c.example", false, NOW, &hit, &until));
    ck_assert_int_le(until, NOW + 2 * HOUR);
}
END_TEST

START_TEST(failures_and_orders_not_made_are_settled)
{
    const wxs_limit_subject subject = {"l.a.co.uk", "a.co.uk", true};
    int64_t until, orders;
    wxs_limit hit;
    wxs_error error;

    s.config.acme.failure_limit = (wxs_quota){2, HOUR / 1000};
    s.config.acme.domain_limit = (wxs_quota){1, DAY / 1000};
    for (int i = 0; i < 2; i++) {
        ck_assert(take_limit("l.a.co.uk", true, NOW, &hit, &until));
        ck_assert(
            wxs_limits_failed(db, &s.config, &subject, true, NOW, &error));
    }
    ck_assert(!take_limit("l.a.co.uk", true, NOW, &hit, &until));
    ck_assert_int_eq(hit, WXS_LIMIT_FAILURES);
    ck_assert_int_eq(until, NOW + HOUR / 2);
    ck_assert(take_limit("m.a.co.uk", true, NOW, &hit, &until));
    ck_assert(wxs_limits_orders(db, &s.config, NOW, &orders, &error));
    ck_assert_int_eq(orders, 297);
    ck_assert(wxs_limits_return(db, &s.config, &subject, NOW, &error));
    ck_assert(wxs_limits_orders(db, &s.config, NOW, &orders, &error));
    ck_assert_int_eq(orders, 298);
    ck_assert(take_limit("m.a.co.uk", true, NOW, &hit, &until));
    ck_assert(wxs_limits_tidy(db, NOW + 30 * DAY, &error));
    ck_assert_int_eq(db_number(db, "SELECT count(*) FROM certificate_limits"),
                     0);
}
END_TEST

/* ---- hosts ---- */

START_TEST(a_verified_host_is_ordered_once)
{
    wxs_order order;

    ck_assert(!take(NOW, &order));
    db_exec(db, "UPDATE records SET status = 'verified'"); /* not proved yet */
    ck_assert(!take(NOW, &order));
    verify(1);
    ck_assert(take(NOW, &order));
    ck_assert_str_eq(order.host, "l.a.co.uk");
    ck_assert(order.is_first && order.generation == 0);
    ck_assert_str_eq(host_field("l.a.co.uk", "state"), "issuing");
    ck_assert(!take(NOW, &order));
}
END_TEST

START_TEST(an_order_of_an_ended_process_is_made_anew)
{
    wxs_order order;
    wxs_error error;

    verify(1);
    ck_assert(take(NOW, &order));
    ck_assert(wxs_hosts_resume(db, &error));
    ck_assert(take(NOW, &order));
    ck_assert_str_eq(order.host, "l.a.co.uk");
}
END_TEST

START_TEST(an_issued_certificate_is_served_and_renewed)
{
    int64_t changes = db_number(db, "SELECT count(*) FROM changes");
    wxs_order order;

    verify(1);
    ck_assert(take(NOW, &order));
    issue(&order, NOW + 90 * DAY, NOW + 60 * DAY, NOW);
    /* one change of the table when it was verified, one now */
    ck_assert_int_eq(db_number(db, "SELECT count(*) FROM changes"),
                     changes + 2);
    ck_assert_int_eq(db_number(db, "SELECT count(*) FROM history WHERE "
                                   "cause = 'certificate_issued'"),
                     1);
    ck_assert(!take(NOW + 60 * DAY - 1, &order));
    ck_assert(take(NOW + 60 * DAY, &order));
    ck_assert(!order.is_first && order.generation == 1);
    end(&order, "failing", "connection", true, 0, NOW + 60 * DAY);
    ck_assert_int_eq(db_number(db, "SELECT generation FROM certificate_hosts"),
                     1);
    ck_assert(!take(NOW + 60 * DAY + 299 * SECOND, &order));
    ck_assert(take(NOW + 60 * DAY + 331 * SECOND, &order));
    ck_assert_int_eq(order.attempts, 1);
    ck_assert_int_eq(order.failing_since, NOW + 60 * DAY);
    issue(&order, NOW + 150 * DAY, NOW + 120 * DAY, NOW + 61 * DAY);
    ck_assert_str_eq(host_field("l.a.co.uk", "failing_since"), "");
    ck_assert_int_eq(db_number(db, "SELECT count(*) FROM history WHERE "
                                   "cause = 'certificate_failing'"),
                     1);
}
END_TEST

START_TEST(a_host_whose_cname_is_gone_stops)
{
    wxs_order order;

    verify(1);
    ck_assert(take(NOW, &order));
    issue(&order, NOW + 90 * DAY, NOW + 60 * DAY, NOW);
    db_exec(db, "UPDATE records SET status = 'temporary_failure' WHERE "
                "tracking_host = 1");
    ck_assert(!take(NOW + DAY, &order));
    ck_assert_str_eq(host_field("l.a.co.uk", "state"), "stopped");
    ck_assert_str_eq(host_field("l.a.co.uk", "code"), "cname_gone");
    ck_assert(!take(NOW + 89 * DAY, &order));
    verify(1); /* it is back */
    ck_assert(take(NOW + 89 * DAY, &order));
    issue(&order, NOW + 180 * DAY, NOW + 150 * DAY, NOW + 89 * DAY);
    db_exec(db, "UPDATE domains SET deleted_at = 1 WHERE number = 1");
    ck_assert(!take(NOW + 89 * DAY, &order));
    ck_assert_str_eq(host_field("l.a.co.uk", "code"), "domain_deleted");
}
END_TEST

START_TEST(a_host_behind_a_cdn_needs_none)
{
    wxs_order order;

    db_exec(db, "UPDATE tracking_hosts SET cdn_at = 5 WHERE number = 1");
    verify(1);
    ck_assert(!take(NOW, &order));
    ck_assert_str_eq(host_field("l.a.co.uk", "state"), "waiting");
    db_exec(db, "UPDATE tracking_hosts SET cdn_at = NULL WHERE number = 1");
    ck_assert(take(NOW, &order));
}
END_TEST

START_TEST(an_expired_certificate_is_withdrawn)
{
    wxs_order order;
    wxs_error error;
    int count;

    verify(1);
    ck_assert(take(NOW, &order));
    issue(&order, NOW + 90 * DAY, NOW + 60 * DAY, NOW);
    ck_assert(wxs_hosts_expire(db, NOW + 90 * DAY - 1, &count, &error));
    ck_assert_int_eq(count, 0);
    ck_assert(wxs_hosts_expire(db, NOW + 90 * DAY, &count, &error));
    ck_assert_int_eq(count, 1);
    ck_assert_str_eq(host_field("l.a.co.uk", "generation"), "");
    ck_assert_int_eq(db_number(db, "SELECT count(*) FROM certificates "
                                   "WHERE replaced_at IS NOT NULL"),
                     1);
}
END_TEST

START_TEST(what_changes_during_an_order_is_seen_after_it)
{
    wxs_order order;

    verify(1);
    ck_assert(take(NOW, &order));
    db_exec(db, "UPDATE records SET status = 'failed' WHERE tracking_host = 1");
    issue(&order, NOW + 90 * DAY, NOW + 60 * DAY, NOW);
    ck_assert(!take(NOW, &order));
    ck_assert_str_eq(host_field("l.a.co.uk", "state"), "stopped");
}
END_TEST

START_TEST(a_wish_is_put_before_the_pause)
{
    wxs_order order;

    verify(1);
    ck_assert(take(NOW, &order));
    end(&order, "failing", "connection", true, 0, NOW);
    ck_assert(!take(NOW + SECOND, &order));
    db_exec(db, "UPDATE records SET status = 'pending'; "
                "UPDATE records SET status = 'verified'");
    ck_assert(!take(NOW + SECOND, &order)); /* the pause holds */
    db_exec(db, "UPDATE certificate_hosts SET forced = 1, next_at = 0");
    ck_assert(take(NOW + SECOND, &order));
    end(&order, "failing", "connection", true, 0, NOW + SECOND);
    ck_assert(!take(NOW + 2 * SECOND, &order));
}
END_TEST

START_TEST(hosts_queue_for_the_accounts_limit)
{
    wxs_order order;

    s.config.acme.order_limit = (wxs_quota){1, HOUR / 1000};
    for (int host = 1; host <= 3; host++)
        verify(host);
    ck_assert(take(NOW, &order));
    issue(&order, NOW + 90 * DAY, NOW + 60 * DAY, NOW);
    ck_assert(!take(NOW, &order));
    /* each with the time of its turn */
    ck_assert_int_eq(db_number(db, "SELECT min(next_at) FROM certificate_hosts "
                                   "WHERE code = 'limit_orders'"),
                     NOW + HOUR);
    ck_assert_int_eq(db_number(db, "SELECT max(next_at) FROM certificate_hosts "
                                   "WHERE code = 'limit_orders'"),
                     NOW + 2 * HOUR);
    ck_assert(take(NOW + HOUR, &order));
    issue(&order, NOW + 90 * DAY, NOW + 60 * DAY, NOW);
    ck_assert(!take(NOW + HOUR, &order));
    ck_assert(take(NOW + 2 * HOUR, &order));
}
END_TEST

START_TEST(an_authority_that_is_down_fails_nobody)
{
    wxs_orders_view view = {.config = &s.config,
                            .suffixes = suffixes,
                            .blocked_until = NOW + HOUR,
                            .blocked_message = "down"};
    wxs_order order;

    verify(1);
    ck_assert(!take_with(&view, NOW, &order));
    ck_assert_str_eq(host_field("l.a.co.uk", "state"), "queued");
    ck_assert_str_eq(host_field("l.a.co.uk", "code"), "ca_unreachable");
    ck_assert(!take_with(&view, NOW + HOUR - 1, &order));
    ck_assert(take_with(&view, NOW + HOUR, &order));
    ck_assert_int_eq(order.attempts, 0);
}
END_TEST

int
main(void)
{
    TCase *cases = tcase_create("certificates");

    tcase_add_checked_fixture(cases, setup, teardown);
    tcase_add_test(cases, renewal_is_before_the_end);
    tcase_add_test(cases, pauses_grow);
    tcase_add_test(cases, a_registered_domain_has_its_limit);
    tcase_add_test(cases, the_account_has_its_limit);
    tcase_add_test(cases, failures_and_orders_not_made_are_settled);
    tcase_add_test(cases, a_verified_host_is_ordered_once);
    tcase_add_test(cases, an_order_of_an_ended_process_is_made_anew);
    tcase_add_test(cases, an_issued_certificate_is_served_and_renewed);
    tcase_add_test(cases, a_host_whose_cname_is_gone_stops);
    tcase_add_test(cases, a_host_behind_a_cdn_needs_none);
    tcase_add_test(cases, an_expired_certificate_is_withdrawn);
    tcase_add_test(cases, what_changes_during_an_order_is_seen_after_it);
    tcase_add_test(cases, a_wish_is_put_before_the_pause);
    tcase_add_test(cases, hosts_queue_for_the_accounts_limit);
    tcase_add_test(cases, an_authority_that_is_down_fails_nobody);
    return run_suite("certificates", cases);
}
