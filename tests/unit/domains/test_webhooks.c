/* Webhooks in the API: what is accepted, who sees what, what is told of
 * domains. Deliveries are written to webhooks.db here as the worker would. */
#include "fixture.h"
#include "webhooks/endpoint_url.h"

#define GOOD                                                                   \
    "{\"endpoint\":\"https://example.com/\",\"events\":[\"domain.created\"]}"

static char webhook_path[64];

/* Adds a webhook and returns its path, "/webhooks/<id>". */
static const char *
add_webhook(const char *body)
{
    int status = request("POST", "/webhooks", body);

    ck_assert_msg(status == 201, "%s", json_dumps(answer.json, 0));
    snprintf(webhook_path, sizeof(webhook_path), "/webhooks/%s", text_at("id"));
    return webhook_path;
}

static const char *
below(const char *path, const char *rest)
{
    static char text[160];

    snprintf(text, sizeof(text), "%s%s", path, rest);
    return text;
}

/* Runs SQL on webhooks.db. */
static void
worker_writes(const char *text)
{
    wxs_error error;
    wxs_db *db;
    char *message = NULL;

    ck_assert(wxs_db_open(&db, dir, WXS_DB_WEBHOOKS, WXS_DB_WRITE, &error));
    sqlite3_exec(wxs_db_handle(db), text, NULL, NULL, &message);
    ck_assert_msg(message == NULL, "%s", message);
    wxs_db_close(db);
}

static const struct {
    const char *url;
    const char *allow; /* a network, or NULL */
    bool ok;
} urls[] = {
    {"https://example.com", NULL, true},
    {"https://example.com:8443/a?b=c", NULL, true},
    {"HTTPS://EXAMPLE.COM/", NULL, true},
    {"https://93.184.216.34/", NULL, true},
    {"https://[2606:2800:220:1::1]/", NULL, true},
    {"http://example.com/", NULL, false},
    {"http://example.com/", "192.0.2.1", true}, /* judged when resolved */
    {"http://192.0.2.1/", "192.0.2.1", true},
    {"http://192.0.2.2/", "192.0.2.1", false},
    {"http://93.184.216.34/", "192.0.2.1", false},
    {"https://127.0.0.1/", NULL, false},
    {"https://127.0.0.1/", "127.0.0.1", true},
    {"https://127.1/", NULL, false},
    {"https://0177.0.0.1/", NULL, false},
    {"https://2130706433/", NULL, false},
    {"https://10.0.0.1/", NULL, false},
    {"https://169.254.169.254/latest/", NULL, false},
    {"https://[::1]/", NULL, false},
    {"https://[::ffff:10.0.0.1]/", NULL, false},
    {"https://[fd00::1]/", NULL, false},
    {"https://user@example.com/", NULL, false},
    {"https://example.com/#a", NULL, false},
    {"https://example.com:22/", NULL, false},
    {"https://example.com:99999/", NULL, false},
    {"https://exa mple.com/", NULL, false},
    {"https://example.com/\r\nx: y", NULL, false},
    {"file:///etc/passwd", NULL, false},
    {"gopher://example.com/", NULL, false},
    {"javascript:alert(1)", NULL, false},
    {"//example.com/", NULL, false},
    {"https:///", NULL, false},
    {"", NULL, false},
};

START_TEST(judges_endpoints)
{
    wxs_networks allow = {0};
    wxs_error error = {""};

    if (urls[_i].allow != NULL) {
        static const uint8_t mapped[] = {[10] = 0xff, [11] = 0xff};

        memcpy(&allow.item[0].address, mapped, sizeof(mapped));
        ck_assert_int_eq(sscanf(urls[_i].allow, "%hhu.%hhu.%hhu.%hhu",
                                &allow.item[0].address.s6_addr[12],
                                &allow.item[0].address.s6_addr[13],
                                &allow.item[0].address.s6_addr[14],
                                &allow.item[0].address.s6_addr[15]),
                         4);
        allow.item[0].prefix = 128;
        allow.count = 1;
    }
    ck_assert_msg(wxs_endpoint_allowed(urls[_i].url, &allow, &error) ==
                      urls[_i].ok,
                  "%s: %s", urls[_i].url, error.text);
    ck_assert(urls[_i].ok || strstr(error.text, "`endpoint`") != NULL);
}
END_TEST

static const struct {
    const char *body;
    const char *name;
    const char *says;
} bad[] = {
    {"{}", "missing_required_field", "endpoint"},
    {"{\"endpoint\":7,\"events\":[\"email.sent\"]}", "validation_error",
     "endpoint"},
    {"{\"endpoint\":\"https://a.example/\"}", "missing_required_field",
     "events"},
    {"{\"endpoint\":\"https://a.example/\",\"events\":null}",
     "missing_required_field", "events"},
    {"{\"endpoint\":\"https://a.example/\",\"events\":\"email.sent\"}",
     "validation_error", "array"},
    {"{\"endpoint\":\"https://a.example/\",\"events\":[]}", "validation_error",
     "at least one"},
    {"{\"endpoint\":\"https://a.example/\",\"events\":[null]}",
     "validation_error", "strings"},
    {"{\"endpoint\":\"https://a.example/\",\"events\":[\"domain.verified\"]}",
     "validation_error", "domain.verified"},
    {"{\"endpoint\":\"https://a.example/\",\"events\":[\"email.sent\"],"
     "\"status\":\"off\"}",
     "validation_error", "status"},
};

START_TEST(refuses_bad_bodies)
{
    request("POST", "/webhooks", bad[_i].body);
    assert_error(422, bad[_i].name, bad[_i].says);
    ck_assert_int_eq(query_int("SELECT count(*) FROM webhooks"), 0);
}
END_TEST

START_TEST(keeps_what_a_patch_leaves_out)
{
    const char *path = add_webhook(
        "{\"endpoint\":\"https://example.com/\",\"status\":\"disabled\","
        "\"events\":[\"email.clicked\",\"email.opened\",\"email.opened\"]}");

    request("GET", path, "");
    assert_text("status", "disabled");
    ck_assert_uint_eq(json_array_size(at("events")), 2);
    ck_assert_int_eq(request("PATCH", path, "{}"), 200);
    ck_assert_uint_eq(json_object_size(answer.json), 2);
    request("PATCH", path, "{\"status\":\"enabled\",\"webhook_id\":\"x\"}");
    request("GET", path, "");
    assert_text("status", "enabled");
    assert_text("endpoint", "https://example.com/");
    ck_assert_uint_eq(json_array_size(at("events")), 2);
    ck_assert_ptr_nonnull(at("disabled_reason"));
    request("PATCH", path, "{\"endpoint\":\"ftp://example.com\"}");
    assert_error(422, "validation_error", "endpoint");
}
END_TEST

START_TEST(hides_webhooks_of_other_accounts)
{
    static const struct {
        const char *method;
        const char *rest;
    } calls[] = {
        {"GET", ""},
        {"PATCH", ""},
        {"DELETE", ""},
        {"POST", "/signing-secret/rotate"},
        {"GET", "/events"},
        {"GET", "/events/msg_1"},
        {"GET", "/events/msg_1/attempts"},
        {"POST", "/events/msg_1/replay"},
    };
    const char *path = add_webhook(GOOD);

    worker_writes("INSERT INTO messages VALUES (1, 'msg_1', 'domain.created', "
                  "1, '{}');"
                  "INSERT INTO deliveries VALUES (1, 1, 'failed', 8, NULL, 0)");
    caller = other_key;
    for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
        request(calls[i].method, below(path, calls[i].rest), "");
        assert_error(404, "not_found", "Webhook endpoint not found");
    }
    request("GET", "/webhooks", "");
    ck_assert_uint_eq(json_array_size(at("data")), 0);
    request("GET", below("/webhooks?after=", path + 10), "");
    assert_error(422, "validation_error", "after");
    caller = sending_key;
    request("GET", path, "");
    assert_error(401, "restricted_api_key", "restricted");
    caller = own_key;
    ck_assert_int_eq(request("GET", below(path, "/events/msg_1"), ""), 200);
    ck_assert_int_eq(request("POST", below(path, "/events/msg_1/replay"), ""),
                     200);
    ck_assert_int_eq(
        query_int("SELECT count(*) FROM webhook_outbox WHERE webhook = 1 "
                  "AND message = 'msg_1'"),
        1);
}
END_TEST

START_TEST(pages_events_and_attempts)
{
    const char *path = add_webhook(GOOD);
    char rest[80];

    worker_writes(
        "WITH RECURSIVE n(v) AS (SELECT 1 UNION ALL SELECT v + 1 FROM n "
        "WHERE v < 30) INSERT INTO messages SELECT v, 'msg_' || v, "
        "'domain.created', v, '{\"n\":' || v || '}' FROM n;"
        "INSERT INTO deliveries SELECT 1, number, 'attempting', 1, 5, 0 "
        "FROM messages;"
        "INSERT INTO deliveries VALUES (2, 7, 'pending', 0, 1, 0);"
        "INSERT INTO attempts (webhook, message, http, response, sent_at) "
        "SELECT 1, 7, number, 'r', 1 FROM messages");
    request("GET", below(path, "/events"), "");
    ck_assert_uint_eq(json_array_size(at("data")), 20);
    ck_assert(json_is_true(at("has_more")));
    assert_text("data.0.id", "msg_30");
    request("GET", below(path, "/events?limit=100&after=msg_3"), "");
    ck_assert_uint_eq(json_array_size(at("data")), 2);
    ck_assert(json_is_false(at("has_more")));
    request("GET", below(path, "/events?before=msg_3"), "");
    assert_error(422, "validation_error", "before");
    request("GET", below(path, "/events/msg_7"), "");
    assert_text("next_attempt_at", "1970-01-01T00:00:00.000Z");
    ck_assert_int_eq(json_integer_value(at("payload.n")), 7);
    request("GET", below(path, "/events/msg_7/attempts?limit=2"), "");
    ck_assert_uint_eq(json_array_size(at("data")), 2);
    ck_assert_int_eq(json_integer_value(at("data.1.http_status_code")), 29);
    snprintf(rest, sizeof(rest), "/events/msg_7/attempts?limit=100&after=%s",
             text_at("data.1.id"));
    request("GET", below(path, rest), "");
    ck_assert_uint_eq(json_array_size(at("data")), 28);
    ck_assert(json_is_false(at("has_more")));
    request("GET", below(path, "/events/msg_7/attempts?after=atmpt_1"), "");
    assert_error(422, "validation_error", "after");
}
END_TEST

START_TEST(rotations_are_bounded)
{
    const char *path = add_webhook(GOOD);
    char first[64];

    snprintf(first, sizeof(first), "%s", text_at("signing_secret"));
    for (int i = 0; i < 7; i++)
        ck_assert_int_eq(
            request("POST", below(path, "/signing-secret/rotate"), ""), 200);
    ck_assert_str_ne(text_at("signing_secret"), first);
    request("POST", below(path, "/signing-secret/rotate"), "");
    assert_error(422, "validation_error", "too often");
    exec("UPDATE webhook_secrets SET expires_at = 1 "
         "WHERE expires_at IS NOT NULL");
    ck_assert_int_eq(request("POST", below(path, "/signing-secret/rotate"), ""),
                     200);
    ck_assert_int_eq(query_int("SELECT count(*) FROM webhook_secrets"), 2);
    ck_assert_int_eq(request("DELETE", path, ""), 200);
    ck_assert_int_eq(query_int("SELECT count(*) FROM webhook_secrets"), 0);
}
END_TEST

START_TEST(webhooks_are_bounded)
{
    for (int i = 0; i < 100; i++)
        add_webhook(GOOD);
    request("POST", "/webhooks", GOOD);
    assert_error(422, "validation_error", "100");
    caller = other_key;
    add_webhook(GOOD);
}
END_TEST

#define TOLD(type)                                                             \
    query_int("SELECT count(*) FROM webhook_outbox WHERE type = '%s'", type)

START_TEST(changes_of_domains_are_told)
{
    char path[64];

    add_webhook("{\"endpoint\":\"https://example.com/\",\"events\":"
                "[\"domain.created\",\"domain.updated\",\"domain.deleted\"]}");
    snprintf(path, sizeof(path), "%s", add_domain("{\"name\":\"a.example\"}"));
    ck_assert_int_eq(TOLD("domain.created"), 1);
    ck_assert_int_eq(
        query_int("SELECT json_array_length(snapshot, '$.records') "
                  "FROM webhook_outbox"),
        query_int("SELECT count(*) FROM records"));
    request("PATCH", path, "{\"open_tracking\":false}");
    ck_assert_int_eq(TOLD("domain.updated"), 0);
    request("PATCH", path, "{\"open_tracking\":true}");
    ck_assert_int_eq(TOLD("domain.updated"), 1);
    request("PATCH", path, "{\"tls\":\"unheard of\"}");
    ck_assert_int_eq(TOLD("domain.updated"), 1);
    request("POST", below(path, "/verify"), "");
    ck_assert_int_eq(TOLD("domain.updated"), 2);
    request("POST", below(path, "/verify"), "");
    ck_assert_int_eq(TOLD("domain.updated"), 2);
    ck_assert_int_eq(request("POST", below(path, "/dkim/rotate"), ""), 201);
    ck_assert_int_eq(TOLD("domain.updated"), 3);
    add_domain("{\"name\":\"b.example\"}");
    request("POST", "/domains/verify", "");
    ck_assert_int_eq(TOLD("domain.updated"), 4);
    request("DELETE", path, "");
    ck_assert_int_eq(TOLD("domain.deleted"), 1);
}
END_TEST

START_TEST(nobody_is_told_what_nobody_asked_for)
{
    caller = other_key;
    add_webhook(GOOD);
    caller = own_key;
    add_webhook("{\"endpoint\":\"https://example.com/\",\"events\":"
                "[\"domain.deleted\"]}");
    add_webhook("{\"endpoint\":\"https://example.com/\",\"events\":"
                "[\"domain.created\"],\"status\":\"disabled\"}");
    add_domain("{\"name\":\"a.example\"}");
    ck_assert_int_eq(query_int("SELECT count(*) FROM webhook_outbox"), 0);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("webhooks API");
    TCase *tcase = tcase_create("webhooks");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_set_timeout(tcase, 30);
    tcase_add_loop_test(tcase, judges_endpoints, 0,
                        sizeof(urls) / sizeof(urls[0]));
    tcase_add_loop_test(tcase, refuses_bad_bodies, 0,
                        sizeof(bad) / sizeof(bad[0]));
    tcase_add_test(tcase, keeps_what_a_patch_leaves_out);
    tcase_add_test(tcase, hides_webhooks_of_other_accounts);
    tcase_add_test(tcase, pages_events_and_attempts);
    tcase_add_test(tcase, rotations_are_bounded);
    tcase_add_test(tcase, webhooks_are_bounded);
    tcase_add_test(tcase, changes_of_domains_are_told);
    tcase_add_test(tcase, nobody_is_told_what_nobody_asked_for);
    suite_add_tcase(suite, tcase);
    return run(srunner_create(suite));
}
