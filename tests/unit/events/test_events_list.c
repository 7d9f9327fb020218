#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "../state_dir.h"
#include "event_id.h"
#include "routes.h"

#define MINE    "00000000-0000-4000-8000-00000000000a"
#define GONE    "00000000-0000-4000-8000-00000000000b"
#define THEIRS  "00000000-0000-4000-8000-00000000000c"
#define MESSAGE "11111111-1111-4111-8111-111111111111"

static wxs_context context;
static wxs_response response;
static wxs_error error;
static char header[100];
static char restricted[100];
static char other[100]; /* of account 2 */

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

static const char event_rows[] =
    "INSERT INTO texts (id, text) VALUES (1, 'https://x.example/?a=1&b'),"
    "(2, 'Mozilla/5.0'), (3, 'browser'), (4, CAST(x'41ff42' AS TEXT)),"
    "(5, 'image_proxy'), (6, 'https://y.example/'), (7, 'anonymous'),"
    "(8, 'https://z.example/'), (9, 'desktop'),"
    "(10, '=cmd|\" /C calc\"!A0');"
    "INSERT INTO events (id, account, domain, message, type, at, link,"
    " link_index, address, agent, flags, mode, verdict, reason, certainty,"
    " device, country) VALUES"
    "(1, 1, 1, " M ", 99, 1771803672126, 1, 0,"
    " x'00000000000000000000ffffcb007107', 2, 0, 3, 1, 3, 70, 9, 'DE'),"
    "(2, 1, 1, " M ", 111, 1771803672127, NULL, NULL,"
    " x'20010db8000000000000000000000001', 4, 0, 3, 2, 5, NULL, NULL, NULL),"
    "(3, 1, 1, NULL, 99, 1771803672128, 6, 3, NULL, NULL, 4, 1, 0, 7, NULL,"
    " NULL, NULL),"
    "(4, 1, 1, " M ", 99, 1771803672129, 8, 1, x'00112233445566ff', 10, 0, 2,"
    " 1, 3, NULL, NULL, NULL),"
    "(5, 1, 1, NULL, 111, 5, NULL, NULL, NULL, NULL, 0, 1, 1, 3, NULL, NULL,"
    " NULL),"
    "(6, 1, 1, NULL, 111, 6, NULL, NULL, NULL, NULL, 0, 1, 1, 3, NULL, NULL,"
    " NULL),"
    "(7, 1, 2, NULL, 99, 7, NULL, NULL, NULL, NULL, 0, 1, 1, 3, NULL, NULL,"
    " NULL),"
    "(8, 2, 3, " M ", 99, 8, NULL, NULL, NULL, NULL, 0, 1, 1, 3, NULL, NULL,"
    " NULL);"
    "INSERT INTO about (one, first_id, created_at) VALUES (1, 1, 1)";

static const char message_rows[] =
    "INSERT INTO messages (id, account, domain, created_at, tags, mode) VALUES "
    "(" M ", 1, 1, 1, '{\"campaign\":\"spring\"}', 3);"
    "INSERT INTO message_links VALUES (" M ", 0, 'top, \"big\"', NULL),"
    "(" M ", 1, NULL, '{\"place\":\"end\"}')";

/* Fills a partition that begins with event 1. */
static void
add_partition(void)
{
    char path[200], *message = NULL;
    wxs_db *db;

    snprintf(path, sizeof(path), "%s/events", state_dir);
    (void)mkdir(path, 0700);
    snprintf(path, sizeof(path), "%s/events/0000000000000001.db", state_dir);
    ck_assert_msg(wxs_db_migrate_file(path, WXS_DB_PART, &error), "%s",
                  error.text);
    ck_assert(wxs_db_open_file(&db, path, WXS_DB_PART, WXS_DB_WRITE, &error));
    ck_assert_msg(sqlite3_exec(wxs_db_handle(db), event_rows, NULL, NULL,
                               &message) == SQLITE_OK,
                  "%s", message);
    wxs_db_close(db);
}

static void
setup(void)
{
    char key[WXS_API_KEY_TEXT];

    state_dir_make();
    ck_assert(wxs_db_migrate(state_dir, &error));
    state_sql(WXS_DB_CONTROL, control_rows);
    state_sql(WXS_DB_EVENTS, message_rows);
    state_sql(WXS_DB_COUNTS, "UPDATE cursor SET event = 5");
    add_partition();
    state_key("k1", 1, "full_access", key);
    snprintf(header, sizeof(header), "Bearer %s", key);
    state_key("k2", 1, "sending_access", key);
    snprintf(restricted, sizeof(restricted), "Bearer %s", key);
    state_key("k3", 2, "full_access", key);
    snprintf(other, sizeof(other), "Bearer %s", key);
    ck_assert(wxs_write_open(state_dir, true, &error));
    ck_assert_msg(
        wxs_context_open(&context, &wxs_events_service, state_dir, &error),
        "%s", error.text);
}

static void
teardown(void)
{
    char command[200];

    wxs_response_clear(&response);
    wxs_context_close(&context);
    wxs_write_close();
    snprintf(command, sizeof(command), "rm -r '%s/events'", state_dir);
    ck_assert_int_eq(system(command), 0);
    state_dir_remove();
}

static void
get_path(const char *path, const char *query, const char *authorization)
{
    wxs_request request = {.method = "GET",
                           .query = query,
                           .authorization = authorization,
                           .user_agent = "",
                           .body = ""};

    snprintf(request.path, sizeof(request.path), "%s", path);
    wxs_response_clear(&response);
    wxs_service_handle(&wxs_events_service, &context, &request, &response);
}

static void
get(const char *query, const char *authorization)
{
    get_path("/events", query, authorization);
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
    assert_events("verdict=human", "76541", false);
    assert_events("verdict=machine", "", false);
    assert_events("final=true", "54321", false);
    assert_events("final=false", "76", false);
    assert_events("final=false&order=asc", "67", false);
    assert_events("final=true&limit=2&order=asc", "12", true);
    assert_events("final=false&order=asc&after=evt_0000000000000006", "7",
                  false);
    assert_events("tag=campaign", "421", false);
    assert_events("tag=campaign:spring&type=open", "2", false);
    assert_events("tag=campaign:summer", "", false);
    assert_events("tag=place:end", "4", false);
    assert_events("link=https%3A%2F%2Fy.example%2F", "3", false);
    assert_events("link=https%3A%2F%2Fy.example", "", false);
    assert_events("type=open&link=https%3A%2F%2Fy.example%2F", "", false);
    assert_events("from=2026-02-22T23:41:12.127Z", "432", false);
    assert_events("to=2026-02-22T23:41:12.127Z", "7651", false);
    assert_events("from=2026-02-22T23:41:12.127Z&to=2026-02-22T23:41:12.128Z",
                  "2", false);
    assert_events("from=2026-02-22T23:41:12.1271Z&order=asc", "34", false);
    assert_events("from=2026-02-22&to=2026-02-23", "4321", false);
}
END_TEST

START_TEST(events_in_full)
{
    get("order=asc", header);
    assert_event(
        0, "{\"id\":\"evt_0000000000000001\",\"type\":\"click\","
           "\"created_at\":\"2026-02-22T23:41:12.126Z\",\"domain_id\":\"" MINE
           "\",\"message_id\":\"" MESSAGE "\",\"tags\":{\"campaign\":"
           "\"spring\"},\"link\":\"https://x.example/?a=1&b\","
           "\"link_index\":0,\"link_name\":\"top, \\\"big\\\"\","
           "\"link_tags\":null,\"ip\":\"203.0.113.7\","
           "\"user_agent\":\"Mozilla/5.0\",\"verdict\":\"human\","
           "\"reason\":\"browser\",\"certainty\":70,\"final\":true,"
           "\"device\":\"desktop\",\"country\":\"DE\"}");
    assert_event(
        1, "{\"id\":\"evt_0000000000000002\",\"type\":\"open\","
           "\"created_at\":\"2026-02-22T23:41:12.127Z\",\"domain_id\":\"" MINE
           "\",\"message_id\":\"" MESSAGE "\",\"tags\":{\"campaign\":"
           "\"spring\"},\"link\":null,\"link_index\":null,"
           "\"link_name\":null,\"link_tags\":null,\"ip\":\"2001:db8::1\","
           "\"user_agent\":\"A\xef\xbf\xbd"
           "B\",\"verdict\":\"proxy\",\"reason\":\"image_proxy\","
           "\"certainty\":null,\"final\":true,\"device\":null,"
           "\"country\":null}");
    assert_event(
        2, "{\"id\":\"evt_0000000000000003\",\"type\":\"click\","
           "\"created_at\":\"2026-02-22T23:41:12.128Z\",\"domain_id\":\"" MINE
           "\",\"message_id\":null,\"tags\":null,"
           "\"link\":\"https://y.example/\",\"link_index\":3,"
           "\"link_name\":null,\"link_tags\":null,\"ip\":null,"
           "\"user_agent\":null,\"verdict\":\"unknown\","
           "\"reason\":\"anonymous\",\"certainty\":null,\"final\":true,"
           "\"device\":null,\"country\":null}");
    ck_assert_str_eq(
        json_string_value(json_object_get(
            json_array_get(json_object_get(response.json, "data"), 3), "ip")),
        "pseudonym:00112233445566ff");
}
END_TEST

static char exported[8192];
static size_t taken, takes;

/* Takes so many pieces, then the client is gone. */
static bool
take(void *user, const char *text, size_t len)
{
    (void)user;
    if (takes == 0)
        return false;
    takes--;
    ck_assert_uint_lt(taken + len, sizeof(exported));
    memcpy(exported + taken, text, len);
    taken += len;
    exported[taken] = '\0';
    return true;
}

static bool export(const char *query, size_t pieces)
{
    const wxs_sink sink = {take, NULL};

    taken = 0;
    takes = pieces;
    get_path("/events/export", query, header);
    ck_assert_int_eq(response.status, 200);
    ck_assert_ptr_nonnull(response.stream);
    return response.stream(response.stream_state, &sink);
}

START_TEST(exports_as_csv)
{
    ck_assert(export("message_id=" MESSAGE, 100));
    ck_assert_str_eq(
        exported,
        "id,type,created_at,domain_id,message_id,tags,link,link_index,"
        "link_name,link_tags,ip,user_agent,verdict,reason,certainty,final,"
        "device,country\r\n"
        "evt_0000000000000001,click,2026-02-22T23:41:12.126Z," MINE "," MESSAGE
        ",\"{\"\"campaign\"\":\"\"spring\"\"}\","
        "https://x.example/?a=1&b,0,\"top, \"\"big\"\"\",,203.0.113.7,"
        "Mozilla/5.0,human,browser,70,true,desktop,DE\r\n"
        "evt_0000000000000002,open,2026-02-22T23:41:12.127Z," MINE "," MESSAGE
        ",\"{\"\"campaign\"\":\"\"spring\"\"}\",,,,,"
        "2001:db8::1,A\xef\xbf\xbd"
        "B,proxy,image_proxy,,true,,\r\n"
        "evt_0000000000000004,click,2026-02-22T23:41:12.129Z," MINE "," MESSAGE
        ",\"{\"\"campaign\"\":\"\"spring\"\"}\","
        "https://z.example/,1,,\"{\"\"place\"\":\"\"end\"\"}\","
        "pseudonym:00112233445566ff,\"'=cmd|\"\" /C calc\"\"!A0\",human,"
        "browser,,true,,\r\n");
}
END_TEST

START_TEST(exports_as_ndjson)
{
    json_t *event;
    char *line;

    ck_assert(export("format=ndjson&type=open&after=evt_0000000000000002", 9));
    line = strchr(exported, '\n');
    ck_assert_ptr_nonnull(line);
    *line = '\0';
    event = json_loads(exported, 0, NULL);
    ck_assert_str_eq(json_string_value(json_object_get(event, "id")),
                     "evt_0000000000000005");
    json_decref(event);
    ck_assert_ptr_eq(strrchr(line + 1, '\n'), exported + taken - 1);
}
END_TEST

START_TEST(an_export_ends_with_its_client)
{
    ck_assert(!export("", 3));
    ck_assert(!export("", 0));
}
END_TEST

/* An export holds its place until its answer is done with. */
START_TEST(few_exports_run_at_once)
{
    wxs_response others[2] = {0};

    for (size_t i = 0; i < 2; i++) {
        get_path("/events/export", "", header);
        ck_assert_int_eq(response.status, 200);
        others[i] = response;
        memset(&response, 0, sizeof(response));
    }
    get_path("/events/export", "", header);
    ck_assert_int_eq(response.status, 429);
    ck_assert_int_gt(response.retry_after, 0);
    wxs_response_clear(&others[0]);
    get_path("/events/export", "", header);
    ck_assert_int_eq(response.status, 200);
    wxs_response_clear(&others[1]);
    get_path("/events/export", "format=xml", header);
    ck_assert_int_eq(response.status, 422);
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
    {"verdict=bot", "`verdict`"},
    {"final=1", "`final`"},
    {"from=2026-02-30", "`from`"},
    {"to=", "`to`"},
    {"tag=", "`tag`"},
    {"tag=:a", "`tag`"},
    {"tag=%zz", "`tag`"},
    {"link=", "`link`"},
};

START_TEST(bad_parameters_are_named)
{
    const char *message;

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        get(bad[i].query, header);
        ck_assert_msg(response.status == 422, "%s", bad[i].query);
        message = json_string_value(json_object_get(response.json, "message"));
        ck_assert_msg(strstr(message, bad[i].name) != NULL, "%s", message);
    }
}
END_TEST

/* A link of account 2 carries the id of a message of account 1. */
START_TEST(a_foreign_message_tells_nothing)
{
    json_t *event;

    get("", other);
    ck_assert_int_eq(response.status, 200);
    ck_assert_uint_eq(json_array_size(json_object_get(response.json, "data")),
                      1);
    event = json_array_get(json_object_get(response.json, "data"), 0);
    ck_assert_str_eq(json_string_value(json_object_get(event, "message_id")),
                     MESSAGE);
    ck_assert(json_is_null(json_object_get(event, "tags")));
    ck_assert(json_is_null(json_object_get(event, "link_name")));
    get("tag=campaign", other);
    ck_assert_uint_eq(json_array_size(json_object_get(response.json, "data")),
                      0);
    get_path("/messages/" MESSAGE, "", other);
    ck_assert_int_eq(response.status, 404);
}
END_TEST

/* Where a filter lets one of very many through, a page ends before it is found,
 * and the next ones go on. */
START_TEST(a_page_ends_where_little_is_let_through)
{
    static const char many[] =
        "WITH RECURSIVE n(i) AS (VALUES (9) UNION ALL SELECT i + 1 FROM n "
        "WHERE i < 500000) INSERT INTO events (id, account, domain, type, at, "
        "flags, mode, verdict, reason) SELECT i, 1, 1, 111, 9, 0, 1, 0, 3 "
        "FROM n";
    char path[200], query[100] = "verdict=proxy";
    const json_t *next;
    int empty = 0;
    wxs_db *db;

    snprintf(path, sizeof(path), "%s/events/0000000000000001.db", state_dir);
    ck_assert(wxs_db_open_file(&db, path, WXS_DB_PART, WXS_DB_WRITE, &error));
    ck_assert_int_eq(sqlite3_exec(wxs_db_handle(db), many, NULL, NULL, NULL),
                     SQLITE_OK);
    wxs_db_close(db);
    do {
        get(query, header);
        ck_assert_int_eq(response.status, 200);
        next = json_object_get(response.json, "next");
        ck_assert(json_is_string(next) ==
                  json_is_true(json_object_get(response.json, "has_more")));
        snprintf(query, sizeof(query), "verdict=proxy&after=%s",
                 json_is_string(next) ? json_string_value(next) : "");
    } while (json_array_size(json_object_get(response.json, "data")) == 0 &&
             json_is_string(next) && ++empty < 100);
    ck_assert_int_gt(empty, 0);
    ck_assert_int_lt(empty, 10);
    ck_assert_str_eq(
        json_string_value(json_object_get(
            json_array_get(json_object_get(response.json, "data"), 0), "id")),
        "evt_0000000000000002");
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
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, newest_first);
    tcase_add_test(tests, pages);
    tcase_add_test(tests, filters);
    tcase_add_test(tests, events_in_full);
    tcase_add_test(tests, exports_as_csv);
    tcase_add_test(tests, exports_as_ndjson);
    tcase_add_test(tests, an_export_ends_with_its_client);
    tcase_add_test(tests, few_exports_run_at_once);
    tcase_add_test(tests, bad_parameters_are_named);
    tcase_add_test(tests, only_the_own_account_is_seen);
    tcase_add_test(tests, a_foreign_message_tells_nothing);
    tcase_add_test(tests, a_page_ends_where_little_is_let_through);
    suite_add_tcase(suite, tests);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failures = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failures != 0;
}
