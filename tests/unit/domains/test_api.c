#include "fixture.h"

START_TEST(creates_a_domain)
{
    ck_assert_int_eq(
        request("POST", "/domains",
                "{\"name\":\"Mail.Customer.example\",\"region\":\"eu-west-1\","
                "\"custom_return_path\":\"Bounce\",\"open_tracking\":true,"
                "\"tracking_subdomain\":\"links\",\"tls\":\"ENFORCED\","
                "\"capabilities\":{\"sending\":\"enabled\"},\"unknown\":1}"),
        201);
    assert_text("name", "mail.customer.example");
    assert_text("status", "not_started");
    assert_text("state", "not_started");
    assert_text("region", "eu-west-1");
    assert_text("tls", "enforced");
    assert_text("tracking_subdomain", "links");
    assert_text("capabilities.sending", "enabled");
    assert_text("capabilities.receiving", "disabled");
    ck_assert(json_is_true(at("open_tracking")));
    ck_assert(json_is_false(at("click_tracking")));
    ck_assert(json_is_null(at("checked_at")));
    ck_assert(json_is_null(at("next_check_at")));
    ck_assert(json_is_null(at("window_ends_at")));
    ck_assert_str_eq(text_at("created_at") + strlen(text_at("created_at")) - 3,
                     "+00");

    ck_assert_uint_eq(json_array_size(at("records")), 4);
    assert_text("records.0.record", "DKIM");
    assert_text("records.0.name", "wx3fa91._domainkey.mail");
    assert_text("records.0.fqdn", "wx3fa91._domainkey.mail.customer.example");
    ck_assert_int_eq(strncmp(text_at("records.0.value"), "p=MIIB", 6), 0);
    assert_text("records.0.type", "TXT");
    assert_text("records.0.ttl", "Auto");
    assert_text("records.0.status", "not_started");
    ck_assert_ptr_null(at("records.0.priority"));
    ck_assert(json_is_null(at("records.0.status_detail")));
    assert_text("records.1.record", "SPF");
    assert_text("records.1.type", "MX");
    assert_text("records.1.name", "bounce.mail");
    ck_assert_int_eq(json_integer_value(at("records.1.priority")), 10);
    assert_text("records.2.record", "SPF");
    assert_text("records.2.type", "TXT");
    ck_assert_int_eq(strncmp(text_at("records.2.value"), "v=spf1 include:", 15),
                     0);
    assert_text("records.3.record", "Tracking");
    assert_text("records.3.type", "CNAME");
    assert_text("records.3.fqdn", "links.mail.customer.example");
    assert_text("dmarc.fqdn", "_dmarc.mail.customer.example");
    assert_text("dmarc.name", "_dmarc.mail");
    assert_text("dmarc.value", "v=DMARC1; p=none;");
    assert_text("dmarc.status", "not_started");
}
END_TEST

START_TEST(fills_in_defaults)
{
    add_domain("{\"name\":\"customer.example\"}");
    assert_text("region", "us-east-1");
    assert_text("tls", "opportunistic");
    assert_text("records.1.name", "send");
    ck_assert(json_is_false(at("open_tracking")));
    ck_assert_ptr_null(at("tracking_subdomain"));
    ck_assert_uint_eq(json_array_size(at("records")), 3);
}
END_TEST

START_TEST(takes_the_oldest_key)
{
    int64_t keys = query_int("SELECT count(*) FROM dkim_keys WHERE "
                             "state = 'pool'");

    add_domain("{\"name\":\"customer.example\"}");
    ck_assert_int_eq(query_int("SELECT count(*) FROM dkim_keys WHERE "
                               "state = 'pool'"),
                     keys - 1);
    ck_assert_int_eq(query_int("SELECT created_at FROM dkim_keys WHERE "
                               "state = 'pending' AND selector = 'wx3fa91' "
                               "AND domain IS NOT NULL"),
                     0);
    ck_assert_int_eq(query_int("SELECT count(*) FROM history WHERE "
                               "cause = 'created' AND from_state IS NULL"),
                     1);
}
END_TEST

START_TEST(says_that_keys_are_made)
{
    int64_t start = wxs_monotonic_ms();

    exec("DELETE FROM dkim_keys");
    request("POST", "/domains", "{\"name\":\"customer.example\"}");
    assert_error(503, "application_error", "DKIM keys are being generated");
    ck_assert_int_eq(answer.retry_after, 2);
    ck_assert_int_ge(wxs_monotonic_ms() - start, 4900);
    ck_assert_int_eq(query_int("SELECT count(*) FROM domains"), 0);
    ck_assert_int_eq(query_int("SELECT count(*) FROM records"), 0);
}
END_TEST

struct bad {
    const char *body;
    int status;
    const char *name;
    const char *says;
};

static const struct bad bad_bodies[] = {
    {"", 422, "missing_required_field", "Missing `name` field."},
    {"{}", 422, "missing_required_field", "Missing `name` field."},
    {"{\"name\":\"\"}", 422, "missing_required_field", "`name`"},
    {"{\"name\":\"  \"}", 422, "missing_required_field", "`name`"},
    {"{\"name\":null}", 422, "missing_required_field", "`name`"},
    {"{\"name\":7}", 422, "validation_error", "name"},
    {"{\"name\":\"https://customer.example/\"}", 422, "validation_error",
     "Did you mean `customer.example`?"},
    {"{\"name\":\"gmail.com\"}", 422, "validation_error", "mailbox"},
    {"{\"name\":\"a.test\"}", 422, "validation_error", "reserved"},
    {"{\"name\":\"a.example\",\"region\":\"local\"}", 422, "invalid_region",
     "\"ap-northeast-1\""},
    {"{\"name\":\"\",\"region\":\"local\"}", 422, "missing_required_field",
     "`name`"},
    {"{\"name\":\"a.example\",\"region\":1}", 422, "validation_error",
     "region"},
    {"{\"name\":\"a.example\",\"custom_return_path\":\"1a\"}", 422,
     "validation_error", "`custom_return_path`"},
    {"{\"name\":\"a.example\",\"custom_return_path\":\"a-\"}", 422,
     "validation_error", "`custom_return_path`"},
    {"{\"name\":\"a.example\",\"custom_return_path\":\"a.b\"}", 422,
     "validation_error", "`custom_return_path`"},
    {"{\"name\":\"a.example\",\"custom_return_path\":\"\"}", 422,
     "validation_error", "`custom_return_path`"},
    {"{\"name\":\"a.example\",\"custom_return_path\":"
     "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"}",
     422, "validation_error", "63"},
    {"{\"name\":\"a.example\",\"open_tracking\":\"yes\"}", 422,
     "validation_error", "open_tracking"},
    {"{\"name\":\"a.example\",\"click_tracking\":1}", 422, "validation_error",
     "click_tracking"},
    {"{\"name\":\"a.example\",\"tracking_subdomain\":\"_x\"}", 422,
     "validation_error", "`tracking_subdomain`"},
    {"{\"name\":\"a.example\",\"tracking_subdomain\":\"\"}", 422,
     "validation_error", "`tracking_subdomain`"},
    {"{\"name\":\"a.example\",\"tracking_subdomain\":\"SEND\"}", 422,
     "validation_error", "return path"},
    {"{\"name\":\"a.example\",\"tracking_subdomain\":\"links.a.example\"}", 422,
     "validation_error", "Did you mean `links`?"},
    {"{\"name\":\"a.example\",\"tls\":\"maybe\"}", 422, "validation_error",
     "`tls`"},
    {"{\"name\":\"a.example\",\"capabilities\":[]}", 422, "validation_error",
     "`capabilities`"},
    {"{\"name\":\"a.example\",\"capabilities\":{\"receiving\":\"enabled\"}}",
     422, "validation_error", "`capabilities`"},
    {"{\"name\":\"a.example\",\"capabilities\":{\"sending\":\"disabled\"}}",
     422, "validation_error", "`capabilities`"},
    {"{\"name\":\"a.example\",\"capabilities\":{\"sending\":\"on\"}}", 422,
     "validation_error", "`capabilities`"},
    {"{\"name\":", 400, "validation_error", "JSON"},
    {"[]", 422, "validation_error", "object"},
};

START_TEST(refuses_bad_fields)
{
    const struct bad *b = &bad_bodies[_i];

    request("POST", "/domains", b->body);
    assert_error(b->status, b->name, b->says);
    ck_assert_int_eq(query_int("SELECT count(*) FROM domains"), 0);
}
END_TEST

START_TEST(refuses_a_second_registration)
{
    add_domain("{\"name\":\"customer.example\"}");
    exec("DELETE FROM dkim_keys WHERE state = 'pool'");
    request("POST", "/domains", "{\"name\":\"CUSTOMER.example\"}");
    assert_error(403, "validation_error",
                 "The `customer.example` domain has been registered already.");
    /* another account may try too, until one of them has proved it */
    fill_pool(2);
    caller = other_key;
    ck_assert_int_eq(
        request("POST", "/domains", "{\"name\":\"customer.example\"}"), 201);
    exec("DELETE FROM domains WHERE account = 102");
    exec("UPDATE domains SET state = 'verified'");
    request("POST", "/domains", "{\"name\":\"customer.example\"}");
    assert_error(403, "validation_error", "registered already");
}
END_TEST

START_TEST(gets_a_domain)
{
    const char *path = add_domain("{\"name\":\"customer.example\"}");

    exec("UPDATE records SET status = 'failed', detail = "
         "'{\"code\":\"missing\"}' WHERE kind = 'spf'");
    ck_assert_int_eq(request("GET", path, "{}"), 200);
    assert_text("object", "domain");
    assert_text("name", "customer.example");
    assert_text("records.2.status", "failed");
    assert_text("records.2.status_detail.code", "missing");
}
END_TEST

static void
forbid_certificate(const char *name)
{
    exec("UPDATE records SET detail = '{\"code\":\"ok\",\"caa\":{"
         "\"result\":\"forbidden\",\"at\":\"%s\",\"message\":\"m\","
         "\"fix\":\"f\",\"record\":\"0 issue \\\"ca.example\\\"\"}}'"
         " WHERE kind = 'tracking'",
         name);
}

START_TEST(asks_for_a_caa_record_where_others_forbid)
{
    const char *path = add_domain("{\"name\":\"customer.example\","
                                  "\"tracking_subdomain\":\"links\"}");

    ck_assert_int_eq(request("GET", path, ""), 200);
    ck_assert_uint_eq(json_array_size(at("records")), 4);
    forbid_certificate("customer.example");
    ck_assert_int_eq(request("GET", path, ""), 200);
    assert_text("records.4.record", "TrackingCAA");
    assert_text("records.4.type", "CAA");
    assert_text("records.4.name", "");
    assert_text("records.4.fqdn", "customer.example");
    assert_text("records.4.value", "0 issue \"ca.example\"");
    assert_text("records.4.status_detail.code", "caa_forbids");
    assert_text("records.4.status_detail.fix", "f");
    /* records behind the alias are not the customer's to change */
    forbid_certificate("edge.operator.example");
    ck_assert_int_eq(request("GET", path, ""), 200);
    ck_assert_uint_eq(json_array_size(at("records")), 4);
}
END_TEST

START_TEST(keeps_accounts_apart)
{
    static const struct {
        const char *method;
        const char *rest;
    } calls[] = {
        {"GET", ""},         {"PATCH", ""},      {"DELETE", ""},
        {"POST", "/verify"}, {"POST", "/retry"}, {"GET", "/history"},
    };
    const char *own = add_domain("{\"name\":\"customer.example\"}");
    char path[80];

    caller = other_key;
    for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
        snprintf(path, sizeof(path), "%s%s", own, calls[i].rest);
        request(calls[i].method, path, "");
        assert_error(404, "not_found", "Domain not found");
    }
    ck_assert_int_eq(request("GET", "/domains", ""), 200);
    ck_assert_uint_eq(json_array_size(at("data")), 0);
    snprintf(path, sizeof(path), "/domains?after=%s", own + 9);
    request("GET", path, "");
    assert_error(422, "validation_error", "cursor");
    caller = own_key;
    ck_assert_int_eq(request("GET", own, ""), 200);
}
END_TEST

START_TEST(knows_its_paths)
{
    const char *own = add_domain("{\"name\":\"customer.example\"}");
    char path[80];

    request("GET", "/domains/7", "");
    assert_error(422, "validation_error", "The `id` must be a valid UUID.");
    request("POST", "/domains/claim", "{\"name\":\"a.example\"}");
    assert_error(422, "validation_error", "No other account holds");
    request("GET", "/domains/claim", "");
    assert_error(404, "not_found", "");
    request("POST", "/domains/claim/verify", "");
    assert_error(404, "not_found", "");
    snprintf(path, sizeof(path), "%s/claim", own);
    request("GET", path, "");
    assert_error(404, "not_found", "");
    request("PUT", own, "");
    assert_error(405, "method_not_allowed", "");
    request("GET", "/webhook", "");
    assert_error(404, "not_found", "");
    caller = sending_key;
    request("GET", "/domains", "");
    assert_error(401, "restricted_api_key", "");
}
END_TEST

START_TEST(tells_strict_clients_words_they_know)
{
    static const struct {
        const char *agent;
        const char *status;
    } clients[] = {
        {"resend-node:6.38.0", "temporary_failure"},
        {"resend-rs/0.31.0", "partially_failed"},
        {"resend-sdk/0.11.0 dotnet/10.0", "partially_failed"},
        {"", "temporary_failure"},
    };
    const char *path = add_domain("{\"name\":\"customer.example\"}");

    exec("UPDATE domains SET state = 'temporary_failure'");
    for (size_t i = 0; i < sizeof(clients) / sizeof(clients[0]); i++) {
        agent = clients[i].agent;
        request("GET", path, "");
        assert_text("status", clients[i].status);
        assert_text("state", "temporary_failure");
        request("GET", "/domains", "");
        assert_text("data.0.status", clients[i].status);
    }
}
END_TEST

/* Do the ids of the list spell these names' first letters? */
static void
assert_page(const char *target, const char *letters, bool more)
{
    size_t count = strlen(letters);

    ck_assert_int_eq(request("GET", target, ""), 200);
    assert_text("object", "list");
    ck_assert_uint_eq(json_array_size(at("data")), count);
    ck_assert(json_is_true(at("has_more")) == more);
    for (size_t i = 0; i < count; i++) {
        const json_t *item = json_array_get(at("data"), i);
        const char *name = json_string_value(json_object_get(item, "name"));

        ck_assert_int_eq(name[0], letters[i]);
        ck_assert_ptr_null(json_object_get(item, "records"));
    }
}

START_TEST(lists_in_pages)
{
    char body[64];
    char ids[30][37];
    char path[80];

    fill_pool(30);
    assert_page("/domains", "", false);
    for (int i = 0; i < 26; i++) {
        snprintf(body, sizeof(body), "{\"name\":\"%c.example\"}", 'a' + i);
        add_domain(body);
        snprintf(ids[i], sizeof(ids[i]), "%s", text_at("id"));
    }
    assert_page("/domains", "zyxwvutsrqponmlkjihgfedcba", false);
    assert_page("/domains?limit=2", "zy", true);
    assert_page("/domains?limit=26", "zyxwvutsrqponmlkjihgfedcba", false);
    snprintf(path, sizeof(path), "/domains?limit=2&after=%s", ids[3]);
    assert_page(path, "cb", true);
    snprintf(path, sizeof(path), "/domains?after=%s&limit=3", ids[3]);
    assert_page(path, "cba", false);
    snprintf(path, sizeof(path), "/domains?before=%s&limit=2", ids[3]);
    assert_page(path, "fe", true);
    snprintf(path, sizeof(path), "/domains?before=%s&limit=2", ids[23]);
    assert_page(path, "zy", false);
    snprintf(path, sizeof(path), "/domains?before=%s", ids[0]);
    assert_page(path, "utsrqponmlkjihgfedcb", true);
    snprintf(path, sizeof(path), "/domains/%s", ids[3]);
    ck_assert_int_eq(request("DELETE", path, ""), 200);
    snprintf(path, sizeof(path), "/domains?limit=2&after=%s", ids[3]);
    assert_page(path, "cb", true);
    snprintf(path, sizeof(path), "/domains?limit=2&after=%s", ids[4]);
    assert_page(path, "cb", true);
}
END_TEST

START_TEST(refuses_bad_pages)
{
    static const char *const bad[] = {
        "limit=0",
        "limit=101",
        "limit=-1",
        "limit=x",
        "limit=",
        "limit=1e1",
        "limit=99999999999999999999",
        "limit=%zz",
        "after=%",
        "after=x",
        "after=",
        "before=x",
        "after=00000000-0000-4000-8000-000000000000",
        ("after=00000000-0000-4000-8000-000000000000&"
         "before=00000000-0000-4000-8000-000000000000"),
    };
    char target[160];

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        snprintf(target, sizeof(target), "/domains?%s", bad[i]);
        request("GET", target, "");
        assert_error(422, "validation_error", "pagination");
    }
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("domains API");
    TCase *tcase = tcase_create("reading and creating");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_set_timeout(tcase, 30);
    tcase_add_test(tcase, creates_a_domain);
    tcase_add_test(tcase, fills_in_defaults);
    tcase_add_test(tcase, takes_the_oldest_key);
    tcase_add_test(tcase, says_that_keys_are_made);
    tcase_add_loop_test(tcase, refuses_bad_fields, 0,
                        sizeof(bad_bodies) / sizeof(bad_bodies[0]));
    tcase_add_test(tcase, refuses_a_second_registration);
    tcase_add_test(tcase, gets_a_domain);
    tcase_add_test(tcase, asks_for_a_caa_record_where_others_forbid);
    tcase_add_test(tcase, keeps_accounts_apart);
    tcase_add_test(tcase, knows_its_paths);
    tcase_add_test(tcase, tells_strict_clients_words_they_know);
    tcase_add_test(tcase, lists_in_pages);
    tcase_add_test(tcase, refuses_bad_pages);
    suite_add_tcase(suite, tcase);
    return run(srunner_create(suite));
}
