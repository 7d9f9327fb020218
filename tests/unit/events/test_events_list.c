#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "../state_dir.h"
#include "event_json.h"
#include "events_list.h"

#define MINE    "00000000-0000-4000-8000-00000000000a"
#define GONE    "00000000-0000-4000-8000-00000000000b"
#define THEIRS  "00000000-0000-4000-8000-00000000000c"
#define MESSAGE "11111111-1111-4111-8111-111111111111"

static const wxs_route routes[] = {
    {"GET", "/events", WXS_FULL_ACCESS, wxs_events_list},
    {0},
};
static const wxs_service service = {
    .name = "test", .routes = routes, .uses_events = true};

static wxs_context context;
static wxs_response response;
static wxs_error error;
static char header[100];
static char restricted[100];

/* Account 1 has domain 1 (events 1 to 6) and the deleted 2 (event 7), account
 * 2 has domain 3 (event 8, of the same message id). */
static const char control_rows[] =
    "INSERT INTO accounts (number, id, name, created_at) VALUES (1, 'a', 'a', "
    "1), (2, 'b', 'b', 1);"
    "INSERT INTO domains (number, id, account, name, region, return_path,"
    " open_tracking, click_tracking, tls, state, state_since, created_at,"
    " deleted_at) VALUES"
    "(1, '" MINE "', 1, 'a.example', 'us-east-1', 'send', 1, 1,"
    " 'opportunistic', 'verified', 1, 1, NULL),"
    "(2, '" GONE "', 1, 'b.example', 'us-east-1', 'send', 1, 1,"
    " 'opportunistic', 'verified', 1, 1, 2),"
    "(3, '" THEIRS "', 2, 'c.example', 'us-east-1', 'send', 1, 1,"
    " 'opportunistic', 'verified', 1, 1, NULL)";

#define M "x'11111111111141118111111111111111'"

/* The rows as they read best, brought into a partition. */
static const char begin_rows[] =
    "CREATE TEMP TABLE rows (id, account, domain, message, type, at, link,"
    " link_index, address, agent, flags, mode, verdict, reason);";
static const char end_rows[] =
    ";INSERT INTO texts (text) SELECT link FROM temp.rows"
    " WHERE link IS NOT NULL UNION SELECT agent FROM temp.rows"
    " WHERE agent IS NOT NULL UNION SELECT reason FROM temp.rows;"
    "INSERT INTO events (id, account, domain, message, type, at, link,"
    " link_index, address, agent, flags, mode, verdict, reason)"
    " SELECT id, account, domain, message, type, at,"
    " (SELECT id FROM texts WHERE text = link), link_index, address,"
    " (SELECT id FROM texts WHERE text = agent), flags, mode,"
    " CASE verdict WHEN 'human' THEN 1 WHEN 'proxy' THEN 2 ELSE 0 END,"
    " (SELECT id FROM texts WHERE text = reason) FROM temp.rows";

static const char event_rows[] =
    "INSERT INTO temp.rows VALUES"
    "(1, 1, 1, " M ", 99, 1771803672126, 'https://x.example/?a=1&b', 0,"
    " x'00000000000000000000ffffcb007107', 'Mozilla/5.0', 0, 3, 'human',"
    " 'browser'),"
    "(2, 1, 1, " M ", 111, 1771803672127, NULL, NULL,"
    " x'20010db8000000000000000000000001', CAST(x'41ff42' AS TEXT), 0, 3,"
    " 'proxy', 'image proxy'),"
    "(3, 1, 1, NULL, 99, 1771803672128, 'https://y.example/', 3, NULL, NULL,"
    " 4, 1, 'unknown', 'anonymous'),"
    "(4, 1, 1, " M ", 99, 1771803672129, 'https://z.example/', 1,"
    " x'00112233445566ff', NULL, 0, 2, 'human', 'browser'),"
    "(5, 1, 1, NULL, 111, 5, NULL, NULL, NULL, NULL, 0, 1, 'human', 'r'),"
    "(6, 1, 1, NULL, 111, 6, NULL, NULL, NULL, NULL, 0, 1, 'human', 'r'),"
    "(7, 1, 2, NULL, 99, 7, NULL, NULL, NULL, NULL, 0, 1, 'human', 'r'),"
    "(8, 2, 3, " M ", 99, 8, NULL, NULL, NULL, NULL, 0, 1, 'human', 'r')";

static void
setup(void)
{
    char key[WXS_API_KEY_TEXT];

    state_dir_make();
    ck_assert(wxs_db_migrate(state_dir, &error));
    state_sql(WXS_DB_CONTROL, control_rows);
    state_part(1, begin_rows, event_rows, end_rows);
    state_sql(WXS_DB_COUNTS, "UPDATE cursor SET event = 7");
    state_key("k1", 1, "full_access", key);
    snprintf(header, sizeof(header), "Bearer %s", key);
    state_key("k2", 1, "sending_access", key);
    snprintf(restricted, sizeof(restricted), "Bearer %s", key);
    ck_assert(wxs_write_open(state_dir, true, &error));
    ck_assert(wxs_db_open(&context.control, state_dir, WXS_DB_CONTROL,
                          WXS_DB_READ, &error));
    ck_assert(wxs_db_open(&context.events, state_dir, WXS_DB_EVENTS,
                          WXS_DB_READ, &error));
    ck_assert(wxs_event_parts_open(&context.parts, state_dir, &error));
}

static void
teardown(void)
{
    wxs_response_clear(&response);
    wxs_event_parts_close(context.parts);
    wxs_db_close(context.events);
    wxs_db_close(context.control);
    wxs_write_close();
    state_dir_remove();
}

static void
get(const char *query, const char *authorization)
{
    wxs_request request = {.method = "GET",
                           .path = "/events",
                           .query = query,
                           .authorization = authorization,
                           .user_agent = "",
                           .body = ""};

    wxs_response_clear(&response);
    wxs_service_handle(&service, &context, &request, &response);
}

/* Asserts which events, by their numbers in hexadecimal, the answer lists. */
static void
assert_events(const char *query, const char *numbers, bool has_more)
{
    json_t *data;
    char id[WXS_EVENT_ID_TEXT];

    get(query, header);
    ck_assert_msg(response.status == 200, "%s", query);
    data = json_object_get(response.json, "data");
    ck_assert_msg(json_array_size(data) == strlen(numbers), "%s: %zu", query,
                  json_array_size(data));
    for (size_t i = 0; numbers[i] != '\0'; i++) {
        wxs_event_id_format(numbers[i] - '0', id);
        ck_assert_str_eq(
            json_string_value(json_object_get(json_array_get(data, i), "id")),
            id);
    }
    ck_assert_int_eq(json_is_true(json_object_get(response.json, "has_more")),
                     has_more);
}

static void
assert_event(size_t index, const char *wanted)
{
    char *text = json_dumps(
        json_array_get(json_object_get(response.json, "data"), index),
        JSON_COMPACT);

    ck_assert_str_eq(text, wanted);
    free(text);
}

START_TEST(newest_first)
{
    assert_events("", "7654321", false);
    ck_assert_str_eq(
        json_string_value(json_object_get(response.json, "object")), "list");
    assert_events("order=desc", "7654321", false);
    assert_events("order=asc", "1234567", false);
}
END_TEST

START_TEST(pages)
{
    assert_events("limit=3", "765", true);
    assert_events("limit=3&after=evt_0000000000000005", "432", true);
    assert_events("limit=3&after=evt_0000000000000002", "1", false);
    assert_events("limit=7", "7654321", false);
    assert_events("limit=6", "765432", true);
    assert_events("order=asc&limit=3", "123", true);
    assert_events("order=asc&limit=4&after=evt_0000000000000003", "4567",
                  false);
    assert_events("order=asc&after=evt_0000000000000007", "", false);
    assert_events("after=evt_0000000000000001", "", false);
    assert_events("after=evt_7fffffffffffffff", "7654321", false);
}
END_TEST

START_TEST(filters)
{
    assert_events("type=click", "7431", false);
    assert_events("type=open", "652", false);
    assert_events("domain_id=" MINE, "654321", false);
    assert_events("domain_id=" GONE, "7", false);
    assert_events("message_id=" MESSAGE, "421", false);
    assert_events("message_id=" MESSAGE "&order=asc&limit=2", "12", true);
    assert_events("message_id=" MESSAGE "&type=click", "41", false);
    assert_events("message_id=" MESSAGE "&domain_id=" GONE, "", false);
    assert_events("domain_id=" MINE "&type=open&limit=2", "65", true);
    assert_events("message_id=" MINE, "", false);
}
END_TEST

START_TEST(events_in_full)
{
    get("order=asc", header);
    assert_event(
        0, "{\"id\":\"evt_0000000000000001\",\"type\":\"click\","
           "\"created_at\":\"2026-02-22T23:41:12.126Z\",\"domain_id\":\"" MINE
           "\",\"message_id\":\"" MESSAGE "\",\"link\":\"https://x.example/"
           "?a=1&b\",\"link_index\":0,\"link_name\":null,\"link_tags\":null,"
           "\"ip\":\"203.0.113.7\",\"user_agent\":\"Mozilla/5.0\","
           "\"verdict\":\"human\",\"reason\":\"browser\",\"final\":true}");
    assert_event(
        1,
        "{\"id\":\"evt_0000000000000002\",\"type\":\"open\","
        "\"created_at\":\"2026-02-22T23:41:12.127Z\",\"domain_id\":\"" MINE
        "\",\"message_id\":\"" MESSAGE "\",\"link\":null,\"link_index\":null,"
        "\"link_name\":null,\"link_tags\":null,"
        "\"ip\":\"2001:db8::1\",\"user_agent\":\"A\xef\xbf\xbd"
        "B\",\"verdict\":\"proxy\",\"reason\":\"image proxy\","
        "\"final\":true}");
    assert_event(
        2, "{\"id\":\"evt_0000000000000003\",\"type\":\"click\","
           "\"created_at\":\"2026-02-22T23:41:12.128Z\",\"domain_id\":\"" MINE
           "\",\"message_id\":null,\"link\":\"https://y.example/\","
           "\"link_index\":3,\"link_name\":null,\"link_tags\":null,\"ip\":null,"
           "\"user_agent\":null,"
           "\"verdict\":\"unknown\",\"reason\":\"anonymous\",\"final\":true}");
    ck_assert_str_eq(
        json_string_value(json_object_get(
            json_array_get(json_object_get(response.json, "data"), 3), "ip")),
        "pseudonym:00112233445566ff");
}
END_TEST

static const struct {
    const char *query;
    const char *name;
} bad[] = {
    {"limit=0", "`limit`"},
    {"limit=101", "`limit`"},
    {"limit=-1", "`limit`"},
    {"limit=1x", "`limit`"},
    {"limit=", "`limit`"},
    {"limit=%4", "`limit`"},
    {"limit=18446744073709551617", "`limit`"},
    {"order=up", "`order`"},
    {"type=c", "`type`"},
    {"type=bounce", "`type`"},
    {"after=7", "`after`"},
    {"after=evt_7", "`after`"},
    {"after=evt_0000000000000000", "`after`"},
    {"after=evt_8000000000000000", "`after`"},
    {"after=evt_000000000000000G", "`after`"},
    {"after=evt_00000000000000011", "`after`"},
    {"message_id=1", "`message_id`"},
    {"message_id=", "`message_id`"},
    {"message_id=" MESSAGE "0", "`message_id`"},
    {"domain_id=a.example", "`domain_id`"},
};

START_TEST(bad_parameters_are_named)
{
    const char *message;

    get(bad[_i].query, header);
    ck_assert_msg(response.status == 422, "%s", bad[_i].query);
    message = json_string_value(json_object_get(response.json, "message"));
    ck_assert_msg(strstr(message, bad[_i].name) != NULL, "%s", message);
}
END_TEST

START_TEST(only_the_own_account_is_seen)
{
    get("domain_id=" THEIRS, header);
    ck_assert_int_eq(response.status, 404);
    ck_assert_str_eq(
        json_string_value(json_object_get(response.json, "message")),
        "Domain not found");
    get("domain_id=" MESSAGE, header);
    ck_assert_int_eq(response.status, 404);
    get("", restricted);
    ck_assert_int_eq(response.status, 401);
    get("", NULL);
    ck_assert_int_eq(response.status, 401);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("events_list");
    TCase *tests = tcase_create("events_list");
    SRunner *runner;
    int failures;

    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, newest_first);
    tcase_add_test(tests, pages);
    tcase_add_test(tests, filters);
    tcase_add_test(tests, events_in_full);
    tcase_add_loop_test(tests, bad_parameters_are_named, 0,
                        (int)(sizeof(bad) / sizeof(bad[0])));
    tcase_add_test(tests, only_the_own_account_is_seen);
    suite_add_tcase(suite, tests);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failures = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failures != 0;
}
