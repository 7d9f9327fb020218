#include <check.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "../state_dir.h"
#include "service.h"

#define KEY_ID "00000000-0000-4000-8000-000000000001"

static wxs_context context;
static wxs_error error;
static wxs_response response;
static char header[100];

static void
answer_param(wxs_context *ctx, const wxs_request *request, wxs_response *answer)
{
    wxs_answer(answer, 200,
               json_pack("{s:s, s:i}", "param", request->param[0], "account",
                         (int)ctx->identity.account));
}

static void
answer_created(wxs_context *ctx, const wxs_request *request,
               wxs_response *answer)
{
    (void)ctx;
    (void)request;
    wxs_answer(answer, 201, json_object());
}

static void
answer_nothing(wxs_context *ctx, const wxs_request *request,
               wxs_response *answer)
{
    (void)ctx;
    (void)request;
    (void)answer;
}

static const wxs_route routes[] = {
    {"GET", "/things", WXS_FULL_ACCESS, answer_created},
    {"POST", "/things", WXS_FULL_ACCESS, answer_created},
    {"GET", "/things/{id}", WXS_FULL_ACCESS, answer_param},
    {"DELETE", "/things/{id}", WXS_FULL_ACCESS, answer_param},
    {"GET", "/nothing", WXS_FULL_ACCESS, answer_nothing},
    {0},
};

static const wxs_service service = {
    .name = "test", .routes = routes, .body_max = 10};

static void
setup(void)
{
    char key[WXS_API_KEY_TEXT];

    state_dir_make();
    ck_assert(wxs_db_migrate(state_dir, &error));
    state_sql(WXS_DB_CONTROL, "INSERT INTO accounts (number, id, name, "
                              "created_at) VALUES (3, 'a', 'a', 1)");
    state_key(KEY_ID, 3, "full_access", key);
    snprintf(header, sizeof(header), "Bearer %s", key);
    ck_assert(wxs_db_open(&context.control, state_dir, WXS_DB_CONTROL,
                          WXS_DB_READ, &error));
    ck_assert(wxs_write_open(state_dir, true, &error));
}

static void
teardown(void)
{
    wxs_response_clear(&response);
    wxs_write_close();
    wxs_db_close(context.control);
    state_dir_remove();
}

static void
call(const char *method, const char *path, const char *authorization,
     size_t body_len)
{
    wxs_request request = {
        .method = method,
        .query = "",
        .authorization = authorization,
        .user_agent = "",
        .body = body_len > 0 ? "{\"a\":true}" : "",
        .body_len = body_len,
    };

    strcpy(request.path, path);
    wxs_response_clear(&response);
    wxs_service_handle(&service, &context, &request, &response);
}

static void
assert_error(int status, const char *name)
{
    ck_assert_int_eq(response.status, status);
    ck_assert_str_eq(json_string_value(json_object_get(response.json, "name")),
                     name);
}

START_TEST(routes_by_method_and_path)
{
    call("GET", "/things/a%20b", header, 0);
    ck_assert_int_eq(response.status, 200);
    ck_assert_str_eq(json_string_value(json_object_get(response.json, "param")),
                     "a b");
    ck_assert_int_eq(
        json_integer_value(json_object_get(response.json, "account")), 3);
    call("POST", "/things", header, 10);
    ck_assert_int_eq(response.status, 201);
    call("HEAD", "/things/x", header, 0);
    ck_assert_int_eq(response.status, 200);
}
END_TEST

START_TEST(unknown_endpoints_need_no_key)
{
    call("GET", "/other", NULL, 0);
    assert_error(404, "not_found");
    ck_assert_str_eq(
        json_string_value(json_object_get(response.json, "message")),
        "The requested endpoint does not exist.");
    call("GET", "", NULL, 0);
    assert_error(404, "not_found");
    call("GET", "/things/a/b", NULL, 0);
    assert_error(404, "not_found");
}
END_TEST

START_TEST(other_methods_are_told_what_is_allowed)
{
    call("PUT", "/things", NULL, 0);
    assert_error(405, "method_not_allowed");
    ck_assert_str_eq(response.allow, "GET, POST");
    call("get", "/things", NULL, 0);
    assert_error(405, "method_not_allowed");
    call("HEAD", "/things/1", header, 0);
    ck_assert_str_eq(response.allow, "");
}
END_TEST

START_TEST(authenticates_before_it_validates)
{
    call("POST", "/things", NULL, 11);
    assert_error(401, "missing_api_key");
    call("POST", "/things", "Bearer re_x", 11);
    assert_error(403, "invalid_api_key");
    call("POST", "/things", header, 11);
    assert_error(413, "validation_error");
}
END_TEST

START_TEST(the_identity_is_not_kept)
{
    call("GET", "/things/1", header, 0);
    ck_assert_int_eq(context.identity.account, 3);
    call("GET", "/other", NULL, 0);
    ck_assert_int_eq(context.identity.account, 0);
    call("GET", "/things/1", "Bearer re_x", 0);
    ck_assert_int_eq(context.identity.account, 0);
}
END_TEST

START_TEST(a_handler_without_answer_is_an_error)
{
    call("GET", "/nothing", header, 0);
    assert_error(500, "internal_server_error");
}
END_TEST

static void *
write_accounts(void *arg)
{
    wxs_error failure;

    (void)arg;
    for (int i = 0; i < 25; i++) {
        wxs_db *db = wxs_write_begin(WXS_DB_CONTROL, &failure);
        sqlite3_stmt *insert;
        if (db == NULL)
            return "begin";
        insert = wxs_db_prepare(db,
                                "INSERT INTO accounts (id, name, created_at) "
                                "VALUES (hex(randomblob(8)), 'n', 1)",
                                &failure);
        if (insert == NULL || !wxs_db_run(db, insert, &failure))
            return "run";
        if (i % 5 == 0)
            wxs_write_abort(db);
        else if (!wxs_write_commit(db, &failure))
            return "commit";
    }
    return NULL;
}

START_TEST(threads_take_turns_to_write)
{
    pthread_t threads[4];
    sqlite3_stmt *count;
    void *failed;

    for (int i = 0; i < 4; i++)
        ck_assert_int_eq(
            pthread_create(&threads[i], NULL, write_accounts, NULL), 0);
    for (int i = 0; i < 4; i++) {
        pthread_join(threads[i], &failed);
        ck_assert_ptr_null(failed);
    }
    count = wxs_db_prepare(context.control, "SELECT count(*) FROM accounts",
                           &error);
    ck_assert_int_eq(wxs_db_step(context.control, count, &error), 1);
    ck_assert_int_eq(sqlite3_column_int(count, 0), 1 + 4 * 20);
    wxs_db_done(count);
}
END_TEST

START_TEST(each_database_has_a_writer_of_its_own)
{
    wxs_db *control = wxs_write_begin(WXS_DB_CONTROL, &error);
    wxs_db *events = wxs_write_begin(WXS_DB_EVENTS, &error);

    ck_assert_ptr_nonnull(control);
    ck_assert_ptr_nonnull(events);
    ck_assert_ptr_ne(control, events);
    wxs_write_abort(control);
    wxs_write_abort(events);
    wxs_write_close();
    ck_assert_ptr_null(wxs_write_begin(WXS_DB_CONTROL, &error));
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("service");
    TCase *tests = tcase_create("service");
    SRunner *runner;
    int failures;

    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_set_timeout(tests, 30);
    tcase_add_test(tests, routes_by_method_and_path);
    tcase_add_test(tests, unknown_endpoints_need_no_key);
    tcase_add_test(tests, other_methods_are_told_what_is_allowed);
    tcase_add_test(tests, authenticates_before_it_validates);
    tcase_add_test(tests, the_identity_is_not_kept);
    tcase_add_test(tests, a_handler_without_answer_is_an_error);
    tcase_add_test(tests, threads_take_turns_to_write);
    tcase_add_test(tests, each_database_has_a_writer_of_its_own);
    suite_add_tcase(suite, tests);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failures = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failures != 0;
}
