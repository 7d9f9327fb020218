#ifndef WXS_TESTS_DOMAINS_FIXTURE_H
#define WXS_TESTS_DOMAINS_FIXTURE_H

/* A state directory with two accounts, and requests to the program's routes as
 * the transport would make them. */

#include <check.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "log.h"
#include "routes.h"
#include "seal.h"

static char dir[] = "/tmp/waxseal-test-XXXXXX";
static wxs_config config;
static wxs_context context;
static wxs_response answer;
static sqlite3 *sql;
static char own_key[WXS_API_KEY_TEXT];
static char other_key[WXS_API_KEY_TEXT];
static char sending_key[WXS_API_KEY_TEXT];
static const char *caller; /* key of the next requests */
static const char *agent;

/* Runs SQL on control.db beside the program. */
__attribute__((format(printf, 1, 2))) static inline void
exec(const char *format, ...)
{
    char text[4096];
    va_list args;
    char *message = NULL;

    va_start(args, format);
    ck_assert_int_lt(vsnprintf(text, sizeof(text), format, args),
                     (int)sizeof(text));
    va_end(args);
    ck_assert_msg(sqlite3_exec(sql, text, NULL, NULL, &message) == SQLITE_OK,
                  "%s: %s", text, message);
}

/* The integer that a query yields; -1 for NULL or no row. */
__attribute__((format(printf, 1, 2))) static inline int64_t
query_int(const char *format, ...)
{
    sqlite3_stmt *statement;
    char text[1024];
    va_list args;
    int64_t value = -1;

    va_start(args, format);
    ck_assert_int_lt(vsnprintf(text, sizeof(text), format, args),
                     (int)sizeof(text));
    va_end(args);
    ck_assert_int_eq(sqlite3_prepare_v2(sql, text, -1, &statement, NULL),
                     SQLITE_OK);
    if (sqlite3_step(statement) == SQLITE_ROW &&
        sqlite3_column_type(statement, 0) != SQLITE_NULL)
        value = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return value;
}

static inline void
fill_pool(int keys)
{
    for (int i = 0; i < keys; i++)
        exec("INSERT INTO dkim_keys (id, algorithm, public_key, sealed, state, "
             "created_at) VALUES (lower(hex(randomblob(16))), 'rsa-2048', "
             "'MIIB' || hex(randomblob(4)), x'00', 'pool', %d)",
             i);
}

static inline void
add_key(int account, const char *permission, char key[WXS_API_KEY_TEXT])
{
    uint8_t hash[WXS_API_KEY_HASH];
    char hex[2 * WXS_API_KEY_HASH + 1];

    ck_assert(wxs_api_key_new(key, hash));
    for (size_t i = 0; i < sizeof(hash); i++)
        snprintf(hex + 2 * i, 3, "%02x", hash[i]);
    exec("INSERT INTO api_keys (id, account, name, permission, hash, "
         "created_at) VALUES (lower(hex(randomblob(16))), %d, 'k', '%s', "
         "x'%s', 1)",
         account, permission, hex);
}

static inline void
setup(void)
{
    wxs_error error = {""};
    char path[64];

    ck_assert_ptr_nonnull(mkdtemp(dir));
    ck_assert_msg(wxs_config_load(&config, dir, NULL, &error), "%s",
                  error.text);
    snprintf(config.names.allow_special, sizeof(config.names.allow_special),
             "example");
    ck_assert_msg(wxs_db_migrate(dir, &error), "%s", error.text);
    ck_assert_msg(wxs_write_open(dir, false, &error), "%s", error.text);
    context.config = &config;
    ck_assert_msg(
        wxs_db_open(&context.control, dir, WXS_DB_CONTROL, WXS_DB_READ, &error),
        "%s", error.text);
    ck_assert_msg(wxs_db_open(&context.requests, dir, WXS_DB_REQUESTS,
                              WXS_DB_READ, &error),
                  "%s", error.text);
    ck_assert_msg(wxs_db_open(&context.webhooks, dir, WXS_DB_WEBHOOKS,
                              WXS_DB_READ, &error),
                  "%s", error.text);
    snprintf(path, sizeof(path), "%s/webhook.key", dir);
    ck_assert_msg(wxs_seal_key_create(path, &error), "%s", error.text);
    ck_assert(wxs_domains_service.start(&config, &context.state, &error));
    snprintf(path, sizeof(path), "%s/control.db", dir);
    ck_assert_int_eq(sqlite3_open(path, &sql), SQLITE_OK);
    sqlite3_busy_timeout(sql, 5000);
    exec("INSERT OR REPLACE INTO instance VALUES (1, 'wx3fa9');"
         "INSERT INTO accounts (number, id, name, created_at) VALUES "
         "(101, 'a', 'own', 1), (102, 'b', 'other', 1)");
    add_key(101, "full_access", own_key);
    add_key(102, "full_access", other_key);
    add_key(101, "sending_access", sending_key);
    caller = own_key;
    agent = "test/1";
    fill_pool(3);
}

static inline void
teardown(void)
{
    char command[64];

    wxs_response_clear(&answer);
    wxs_db_close(context.control);
    wxs_db_close(context.requests);
    wxs_db_close(context.webhooks);
    wxs_write_close();
    wxs_domains_service.stop(context.state);
    sqlite3_close(sql);
    snprintf(command, sizeof(command), "rm -r '%s'", dir);
    ck_assert_int_eq(system(command), 0);
}

typedef struct {
    char *text;
    size_t len;
} collected;

static inline bool
collect(void *user, const char *text, size_t len)
{
    collected *all = user;

    all->text = realloc(all->text, all->len + len + 1);
    ck_assert_ptr_nonnull(all->text);
    memcpy(all->text + all->len, text, len);
    all->len += len;
    all->text[all->len] = '\0';
    return true;
}

/* Makes the body of an answer that is made bit by bit, as the transport would;
 * it is JSON if it has no other type. */
static inline void
finish_stream(void)
{
    collected all = {calloc(1, 1), 0};
    const wxs_sink sink = {collect, &all};

    ck_assert(answer.stream(answer.stream_state, &sink));
    if (answer.content_type == NULL) {
        answer.json = json_loads(all.text, 0, NULL);
        free(all.text);
        return;
    }
    answer.text = all.text;
    answer.text_len = all.len;
}

/* Makes a request; the answer is in `answer` until the next one. query may
 * follow the path after a "?". Returns the status. */
static inline int
request(const char *method, const char *target, const char *body)
{
    static wxs_request r;
    char authorization[64];
    const char *query = strchr(target, '?');
    size_t path_len = query != NULL ? (size_t)(query - target) : strlen(target);

    memset(&r, 0, sizeof(r));
    snprintf(authorization, sizeof(authorization), "Bearer %s", caller);
    r.method = method;
    ck_assert_uint_lt(path_len, sizeof(r.path));
    memcpy(r.path, target, path_len);
    r.query = query != NULL ? query + 1 : "";
    r.authorization = authorization;
    r.user_agent = agent;
    r.body = body;
    r.body_len = strlen(body);
    snprintf(r.id, sizeof(r.id), "00000000-0000-4000-8000-000000000000");
    wxs_response_clear(&answer);
    wxs_service_handle(&wxs_domains_service, &context, &r, &answer);
    if (answer.stream != NULL)
        finish_stream();
    if (answer.json == NULL && answer.content_type == NULL)
        answer.json = json_loadb(answer.text, answer.text_len, 0, NULL);
    ck_assert(answer.json != NULL || answer.text != NULL);
    return answer.status;
}

/* The value at "a.b.0.c" of the answer, NULL if there is none. */
static inline const json_t *
at(const char *path)
{
    const json_t *json = answer.json;
    char part[64];

    while (json != NULL && *path != '\0') {
        size_t len = strcspn(path, ".");
        ck_assert_uint_lt(len, sizeof(part));
        memcpy(part, path, len);
        part[len] = '\0';
        json = json_is_array(json) ? json_array_get(json, (size_t)atoi(part))
                                   : json_object_get(json, part);
        path += len + (path[len] == '.');
    }
    return json;
}

static inline const char *
text_at(const char *path)
{
    const char *text = json_string_value(at(path));

    ck_assert_msg(text != NULL, "no text at %s", path);
    return text;
}

#define assert_text(path, expected) ck_assert_str_eq(text_at(path), expected)

/* The answer is this error, exactly in the API's form. */
static inline void
assert_error(int status, const char *name, const char *says)
{
    ck_assert_int_eq(answer.status, status);
    ck_assert_uint_eq(json_object_size(answer.json), 3);
    ck_assert_int_eq(json_integer_value(at("statusCode")), status);
    assert_text("name", name);
    ck_assert_msg(strstr(text_at("message"), says) != NULL, "%s",
                  text_at("message"));
}

/* Adds a domain and returns its path, "/domains/<id>", until the next one. */
static inline const char *
add_domain(const char *body)
{
    static char path[64];
    int status = request("POST", "/domains", body);

    ck_assert_msg(status == 201, "%s", json_dumps(answer.json, 0));
    snprintf(path, sizeof(path), "/domains/%s", text_at("id"));
    return path;
}

static inline int
run(SRunner *runner)
{
    int failures;

    /* the answers are looked at, not the lines about them */
    if (setenv("WAXSEAL_LOG", "error", 0) != 0)
        return EXIT_FAILURE;
    wxs_log_init("test");
    srunner_run_all(runner, CK_NORMAL);
    failures = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

#endif
