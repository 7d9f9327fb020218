#include <pthread.h>
#include <time.h>

#include "fixture.h"

#define SECOND INT64_C(1000000)

static const char *
below(const char *path, const char *rest)
{
    static char text[96];

    snprintf(text, sizeof(text), "%s%s", path, rest);
    return text;
}

static void
assert_near(int64_t us, int64_t expected)
{
    ck_assert_msg(us > expected - 3 * SECOND && us < expected + 3 * SECOND,
                  "%lld is not near %lld", (long long)us, (long long)expected);
}

START_TEST(verify_starts_a_window)
{
    static const char *const from[] = {"not_started", "failed"};
    const char *path = add_domain("{\"name\":\"customer.example\"}");
    char end[WXS_TIME_TEXT];

    exec("UPDATE domains SET state = '%s', state_since = 7, missing_ms = 9, "
         "checks = 4",
         from[_i]);
    ck_assert_int_eq(request("POST", below(path, "/verify"), ""), 200);
    ck_assert_uint_eq(json_object_size(answer.json), 2);
    assert_text("object", "domain");
    ck_assert_str_eq(text_at("id"), path + 9);

    request("GET", path, "");
    assert_text("status", "pending");
    assert_text("records.0.status", "pending");
    assert_text("records.2.status", "pending");
    assert_text("dmarc.status", "pending");
    wxs_time_text(query_int("SELECT state_since FROM domains") +
                      config.verify.window_ms * 1000,
                  end);
    assert_text("window_ends_at", end);
    assert_near(query_int("SELECT state_since FROM domains"), wxs_now_us());
    assert_near(query_int("SELECT next_check_at FROM domains"), wxs_now_us());
    ck_assert_int_eq(query_int("SELECT missing_ms + checks FROM domains"), 0);
    ck_assert_int_eq(query_int("SELECT count(*) FROM history WHERE "
                               "cause = 'verify' AND from_state = '%s' AND "
                               "to_state = 'pending'",
                               from[_i]),
                     1);
}
END_TEST

START_TEST(verify_never_demotes)
{
    static const char *const states[] = {"pending", "verified",
                                         "temporary_failure"};
    const char *path = add_domain("{\"name\":\"customer.example\"}");
    int64_t now = wxs_now_us();

    exec("UPDATE domains SET state = '%s', state_since = 7, missing_ms = 9, "
         "next_check_at = %lld",
         states[_i], (long long)(now + 3600 * SECOND));
    ck_assert_int_eq(request("POST", below(path, "/verify"), "{}"), 200);
    request("GET", path, "");
    assert_text("state", states[_i]);
    assert_text("records.0.status", "not_started");
    ck_assert_int_eq(query_int("SELECT state_since FROM domains"), 7);
    ck_assert_int_eq(query_int("SELECT missing_ms FROM domains"), 9);
    assert_near(query_int("SELECT next_check_at FROM domains"), now);
    ck_assert_int_eq(query_int("SELECT count(*) FROM history"), 1);
}
END_TEST

START_TEST(checks_keep_their_distance)
{
    const char *path = add_domain("{\"name\":\"customer.example\"}");
    int64_t now = wxs_now_us();

    config.verify.min_interval_ms = 60000;
    exec("UPDATE domains SET state = 'verified', checked_at = %lld, "
         "next_check_at = %lld",
         (long long)now, (long long)(now + 3600 * SECOND));
    request("POST", below(path, "/verify"), "");
    ck_assert_int_eq(query_int("SELECT next_check_at FROM domains"),
                     now + 60 * SECOND);
    exec("UPDATE domains SET next_check_at = 5");
    request("POST", below(path, "/verify"), "");
    ck_assert_int_eq(query_int("SELECT next_check_at FROM domains"), 5);
}
END_TEST

START_TEST(a_request_joins_a_check_that_has_just_begun)
{
    const char *path = add_domain("{\"name\":\"customer.example\"}");
    int64_t now = wxs_now_us();

    config.verify.min_interval_ms = 60000;
    exec("UPDATE domains SET state = 'verified', checking_since = %lld, "
         "next_check_at = %lld",
         (long long)(now - (_i == 0 ? 10 : 90) * SECOND),
         (long long)(now + 3600 * SECOND));
    request("POST", below(path, "/verify"), "");
    ck_assert_int_eq(query_int("SELECT next_check_at > %lld FROM domains",
                               (long long)(now + 1800 * SECOND)),
                     _i == 0);
    ck_assert_int_eq(query_int("SELECT asked_at IS NULL FROM domains"),
                     _i == 0);
}
END_TEST

START_TEST(all_domains_are_checked_at_once)
{
    int64_t now = wxs_now_us();

    (void)add_domain("{\"name\":\"one.example\"}");
    (void)add_domain("{\"name\":\"two.example\"}");
    exec("UPDATE domains SET state = 'verified', next_check_at = %lld "
         "WHERE name = 'two.example'",
         (long long)(now + 3600 * SECOND));
    ck_assert_int_eq(request("POST", "/domains/verify", ""), 200);
    assert_text("object", "domain_verification");
    ck_assert_int_eq(query_int("SELECT count(*) FROM domains WHERE asked_at >= "
                               "%lld AND next_check_at = asked_at",
                               (long long)now),
                     2);
    ck_assert_int_eq(query_int("SELECT count(*) FROM domains WHERE name = "
                               "'one.example' AND state = 'pending'"),
                     1);
    ck_assert_int_eq(query_int("SELECT count(*) FROM history WHERE "
                               "cause = 'verify' AND to_state = 'pending'"),
                     1);
    ck_assert_int_eq(
        query_int("SELECT count(*) FROM records r JOIN domains d ON "
                  "d.number = r.domain WHERE d.name = 'one.example' AND "
                  "status <> 'pending'"),
        0);
    exec("UPDATE domains SET asked_at = NULL WHERE name = 'two.example'");
    ck_assert_int_eq(request("GET", "/domains/verify", ""), 200);
    ck_assert_int_eq(
        json_integer_value(json_object_get(answer.json, "waiting")), 1);
    ck_assert_int_eq(json_integer_value(json_object_get(answer.json, "total")),
                     2);
}
END_TEST

START_TEST(retry_is_for_failed_domains)
{
    const char *path = add_domain("{\"name\":\"customer.example\"}");

    request("POST", below(path, "/retry"), "");
    assert_error(422, "validation_error", "is `not_started`");
    exec("UPDATE domains SET state = 'failed', state_since = 7");
    ck_assert_int_eq(request("POST", below(path, "/retry"), ""), 200);
    assert_text("object", "domain");
    assert_near(query_int("SELECT state_since FROM domains WHERE "
                          "state = 'pending'"),
                wxs_now_us());
    ck_assert_int_eq(query_int("SELECT count(*) FROM history WHERE "
                               "cause = 'retry' AND from_state = 'failed'"),
                     1);
    request("POST", below(path, "/retry"), "");
    assert_error(422, "validation_error", "is `pending`");
}
END_TEST

START_TEST(patches_options)
{
    const char *path = add_domain("{\"name\":\"customer.example\"}");

    ck_assert_int_eq(
        request("PATCH", path,
                "{\"id\":\"x\",\"click_tracking\":true,\"tls\":\"Enforced\","
                "\"capabilities\":{\"receiving\":\"disabled\"},"
                "\"region\":\"us-east-1\",\"custom_return_path\":\"send\"}"),
        200);
    ck_assert_uint_eq(json_object_size(answer.json), 2);
    request("GET", path, "");
    ck_assert(json_is_true(at("click_tracking")));
    ck_assert(json_is_false(at("open_tracking")));
    assert_text("tls", "enforced");
    ck_assert_int_eq(request("PATCH", path, ""), 200);
    ck_assert_int_eq(request("PATCH", path, "{\"click_tracking\":null}"), 200);
    request("GET", path, "");
    ck_assert(json_is_true(at("click_tracking")));
    assert_text("tls", "enforced");
}
END_TEST

struct bad {
    const char *body;
    const char *says;
};

static const struct bad bad_patches[] = {
    {"{\"open_tracking\":1}", "open_tracking"},
    {"{\"tls\":\"none\"}", "`tls`"},
    {"{\"capabilities\":{\"receiving\":\"enabled\"}}", "`capabilities`"},
    {"{\"region\":\"eu-west-1\"}", "`region`"},
    {"{\"custom_return_path\":\"bounce\"}", "`custom_return_path`"},
    {"{\"tracking_subdomain\":null}", "not removed"},
    {"{\"tracking_subdomain\":\"\"}", "`tracking_subdomain`"},
    {"{\"tracking_subdomain\":\"send\"}", "return path"},
};

START_TEST(refuses_bad_patches)
{
    const char *path = add_domain("{\"name\":\"customer.example\","
                                  "\"tracking_subdomain\":\"links\"}");
    char body[128];

    /* a good field beside the bad one must not be kept */
    snprintf(body, sizeof(body), "{\"click_tracking\":true,%s",
             bad_patches[_i].body + 1);
    request("PATCH", path, body);
    assert_error(422, "validation_error", bad_patches[_i].says);
    request("GET", path, "");
    ck_assert(json_is_false(at("click_tracking")));
    assert_text("tracking_subdomain", "links");
}
END_TEST

START_TEST(tracking_hosts_are_only_added)
{
    const char *path = add_domain("{\"name\":\"customer.example\"}");
    int64_t now = wxs_now_us();

    exec("UPDATE domains SET state = 'verified', next_check_at = %lld",
         (long long)(now + 3600 * SECOND));
    request("PATCH", path, "{\"tracking_subdomain\":\"links\"}");
    assert_near(query_int("SELECT next_check_at FROM domains"), now);
    request("GET", path, "");
    assert_text("tracking_subdomain", "links");
    assert_text("records.3.name", "links");
    assert_text("records.3.status", "pending");

    request("PATCH", path, "{\"tracking_subdomain\":\"go.mail\"}");
    request("PATCH", path, "{\"tracking_subdomain\":\"GO.mail\"}");
    request("GET", path, "");
    assert_text("tracking_subdomain", "go.mail");
    ck_assert_uint_eq(json_array_size(at("records")), 5);
    assert_text("records.3.fqdn", "links.customer.example");
    assert_text("records.4.fqdn", "go.mail.customer.example");
    ck_assert_int_eq(query_int("SELECT count(*) FROM tracking_hosts"), 2);
    ck_assert_int_eq(query_int("SELECT count(*) FROM tracking_hosts JOIN "
                               "records ON tracking_host = "
                               "tracking_hosts.number AND fqdn = host"),
                     2);
}
END_TEST

START_TEST(former_tracking_hosts_can_return)
{
    const char *path = add_domain("{\"name\":\"customer.example\","
                                  "\"tracking_subdomain\":\"one\"}");

    exec("UPDATE tracking_hosts SET verified_at = 77");
    request("PATCH", path, "{\"tracking_subdomain\":\"two\"}");
    ck_assert_int_eq(request("PATCH", path, "{\"tracking_subdomain\":\"one\"}"),
                     200);
    request("GET", path, "");
    assert_text("tracking_subdomain", "one");
    ck_assert_uint_eq(json_array_size(at("records")), 5);
    ck_assert_int_eq(query_int("SELECT verified_at FROM tracking_hosts "
                               "ORDER BY number DESC LIMIT 1"),
                     77);
    ck_assert_int_eq(query_int("SELECT count(*) FROM tracking_hosts JOIN "
                               "records ON tracking_host = "
                               "tracking_hosts.number AND fqdn = host"),
                     2);
    request("PATCH", path, "{\"tracking_subdomain\":\"three\"}");
    request("GET", path, "");
    assert_text("tracking_subdomain", "three");
}
END_TEST

START_TEST(tracking_hosts_are_bounded)
{
    const char *path = add_domain("{\"name\":\"customer.example\"}");
    char body[64];

    for (int i = 0; i < 12; i++) {
        snprintf(body, sizeof(body), "{\"tracking_subdomain\":\"t%d\"}", i);
        ck_assert_int_eq(request("PATCH", path, body), 200);
    }
    request("PATCH", path, "{\"tracking_subdomain\":\"more\"}");
    assert_error(422, "validation_error", "`tracking_subdomain`");
    ck_assert_int_eq(request("PATCH", path, "{\"tracking_subdomain\":\"t3\"}"),
                     200);
}
END_TEST

START_TEST(deletes_and_adds_again)
{
    const char *path = add_domain("{\"name\":\"customer.example\","
                                  "\"tracking_subdomain\":\"links\"}");

    exec("UPDATE domains SET state = 'verified', next_check_at = 9;"
         "UPDATE tracking_hosts SET verified_at = 7; DELETE FROM changes");
    ck_assert_int_eq(request("DELETE", path, "{}"), 200);
    assert_text("object", "domain");
    ck_assert_str_eq(text_at("id"), path + 9);
    ck_assert(json_is_true(at("deleted")));
    request("GET", path, "");
    assert_error(404, "not_found", "Domain not found");
    request("DELETE", path, "");
    assert_error(404, "not_found", "Domain not found");
    request("GET", "/domains", "");
    ck_assert_uint_eq(json_array_size(at("data")), 0);
    ck_assert_int_eq(query_int("SELECT next_check_at FROM domains"), -1);
    ck_assert_int_eq(query_int("SELECT count(*) FROM tracking_hosts"), 1);
    ck_assert_int_eq(query_int("SELECT count(*) FROM changes"), 1);
    ck_assert_int_eq(query_int("SELECT count(*) FROM history WHERE "
                               "cause = 'deleted'"),
                     1);

    caller = other_key;
    add_domain("{\"name\":\"customer.example\","
               "\"tracking_subdomain\":\"links\"}");
    assert_text("records.0.name", "wx3fa92._domainkey");
}
END_TEST

START_TEST(tells_the_history)
{
    const char *path = add_domain("{\"name\":\"customer.example\"}");

    request("POST", below(path, "/verify"), "");
    exec("INSERT INTO history (domain, at, from_state, to_state, cause, "
         "evidence) SELECT number, 5, 'pending', 'failed', 'window', "
         "'{\"dkim\":\"missing\"}' FROM domains");
    ck_assert_int_eq(request("GET", below(path, "/history"), ""), 200);
    assert_text("object", "list");
    ck_assert(json_is_false(at("has_more")));
    ck_assert_uint_eq(json_array_size(at("data")), 3);
    assert_text("data.0.cause", "window");
    assert_text("data.0.from", "pending");
    assert_text("data.0.to", "failed");
    assert_text("data.0.evidence.dkim", "missing");
    assert_text("data.0.created_at", "1970-01-01 00:00:00.000005+00");
    assert_text("data.1.cause", "verify");
    ck_assert(json_is_null(at("data.1.evidence")));
    assert_text("data.2.cause", "created");
    ck_assert(json_is_null(at("data.2.from")));
    assert_text("data.2.to", "not_started");
}
END_TEST

START_TEST(pages_the_history)
{
    const char *path = add_domain("{\"name\":\"customer.example\"}");
    char target[96];
    char id[32];

    request("POST", below(path, "/verify"), "");
    request("GET", below(path, "/history?limit=1"), "");
    ck_assert(json_is_true(at("has_more")));
    assert_text("data.0.cause", "verify");
    snprintf(id, sizeof(id), "%s", text_at("data.0.id"));
    snprintf(target, sizeof(target), "%s/history?after=%s", path, id);
    request("GET", target, "");
    ck_assert_uint_eq(json_array_size(at("data")), 1);
    assert_text("data.0.cause", "created");
    snprintf(target, sizeof(target), "%s/history?before=%s", path,
             text_at("data.0.id"));
    request("GET", target, "");
    ck_assert_uint_eq(json_array_size(at("data")), 1);
    assert_text("data.0.cause", "verify");
    request("GET", below(path, "/history?after=x"), "");
    assert_error(422, "validation_error", "cursor");
}
END_TEST

static void *
add_key_later(void *arg)
{
    const struct timespec pause = {.tv_nsec = 300 * 1000 * 1000};

    (void)arg;
    nanosleep(&pause, NULL);
    fill_pool(1);
    return NULL;
}

START_TEST(waits_for_a_key)
{
    pthread_t thread;
    int64_t start;

    exec("DELETE FROM dkim_keys");
    ck_assert_int_eq(pthread_create(&thread, NULL, add_key_later, NULL), 0);
    start = wxs_monotonic_ms();
    add_domain("{\"name\":\"customer.example\"}");
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    ck_assert_int_ge(wxs_monotonic_ms() - start, 250);
    ck_assert_int_lt(wxs_monotonic_ms() - start, 4000);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("domains API");
    TCase *tcase = tcase_create("changes");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_set_timeout(tcase, 30);
    tcase_add_loop_test(tcase, verify_starts_a_window, 0, 2);
    tcase_add_loop_test(tcase, verify_never_demotes, 0, 3);
    tcase_add_test(tcase, checks_keep_their_distance);
    tcase_add_loop_test(tcase, a_request_joins_a_check_that_has_just_begun, 0,
                        2);
    tcase_add_test(tcase, all_domains_are_checked_at_once);
    tcase_add_test(tcase, retry_is_for_failed_domains);
    tcase_add_test(tcase, patches_options);
    tcase_add_loop_test(tcase, refuses_bad_patches, 0,
                        sizeof(bad_patches) / sizeof(bad_patches[0]));
    tcase_add_test(tcase, tracking_hosts_are_only_added);
    tcase_add_test(tcase, former_tracking_hosts_can_return);
    tcase_add_test(tcase, tracking_hosts_are_bounded);
    tcase_add_test(tcase, deletes_and_adds_again);
    tcase_add_test(tcase, tells_the_history);
    tcase_add_test(tcase, pages_the_history);
    tcase_add_test(tcase, waits_for_a_key);
    suite_add_tcase(suite, tcase);
    return run(srunner_create(suite));
}
