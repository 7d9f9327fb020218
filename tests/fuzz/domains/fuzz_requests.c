/* The program's requests as anybody may send them: the first byte picks the
 * call, the rest is its body, or its query or path. Runs on a real database. */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "admin_key.h"
#include "log.h"
#include "routes.h"

#define ADMIN   "re_fuzzfuzz_0123456789abcdefghijklmn"
#define DOMAIN  "00000000-0000-4000-8000-000000000001"
#define KEY     "00000000-0000-4000-8000-000000000002"
#define ACCOUNT "00000000-0000-4000-8000-000000000003"

/* Where the input goes. */
typedef enum {
    BODY,
    QUERY,
    PATH
} place;

static const struct {
    const char *method;
    const char *path;
    place input;
} calls[] = {
    {"POST", "/domains", BODY},
    {"PATCH", "/domains/" DOMAIN, BODY},
    {"POST", "/domains/claim", BODY},
    {"POST", "/domains/import", BODY},
    {"POST", "/domains/" DOMAIN "/dkim/rotate", BODY},
    {"POST", "/api-keys", BODY},
    {"PATCH", "/api-keys/" KEY, BODY},
    {"POST", "/accounts", BODY},
    {"PATCH", "/accounts/" ACCOUNT, BODY},
    {"GET", "/domains", QUERY},
    {"GET", "/api-keys", QUERY},
    {"GET", "/logs", QUERY},
    {"GET", "/senders/", PATH},
    {"DELETE", "/domains/", PATH},
};

static wxs_config config;
static wxs_context context;
static sqlite3 *sql;

static void
need(bool ok, const char *what)
{
    if (ok)
        return;
    fprintf(stderr, "%s\n", what);
    abort();
}

static void
run_sql(const char *text)
{
    char *message = NULL;

    need(sqlite3_exec(sql, text, NULL, NULL, &message) == SQLITE_OK,
         message != NULL ? message : text);
}

/* The state that every input meets. */
static void
reset(void)
{
    run_sql(
        "PRAGMA foreign_keys = OFF; BEGIN; DELETE FROM domains; "
        "DELETE FROM records; DELETE FROM history; DELETE FROM api_keys; "
        "DELETE FROM accounts; DELETE FROM dkim_keys; DELETE FROM claims; "
        "DELETE FROM tracking_hosts; DELETE FROM changes;"
        "INSERT INTO accounts (number, id, name, created_at) "
        "VALUES (1, '" ACCOUNT "', 'a', 1), (2, 'b', 'b', 1);"
        "INSERT INTO api_keys (id, account, name, permission, hash, "
        "created_at) VALUES ('" KEY "', 1, 'k', 'full_access', x'00', 1);"
        "INSERT INTO domains (id, account, name, region, return_path, "
        "open_tracking, click_tracking, tls, state, state_since, "
        "created_at) VALUES ('" DOMAIN "', 1, 'own.example', 'us-east-1', "
        "'send', 0, 0, 'enforced', 'verified', 1, 1), ('x', 2, "
        "'held.example', 'us-east-1', 'send', 0, 0, 'enforced', 'verified', "
        "1, 1);"
        "WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n "
        "WHERE i < 40) INSERT INTO dkim_keys (id, algorithm, public_key, "
        "sealed, state, created_at) SELECT 'k' || i, 'rsa-2048', 'MIIB', "
        "x'00', 'pool', i FROM n; COMMIT");
}

static char dir[] = "/dev/shm/waxseal-fuzz-XXXXXX";

static void
clean_up(void)
{
    char command[64];

    snprintf(command, sizeof(command), "rm -r '%s'", dir);
    if (system(command) != 0)
        fprintf(stderr, "%s is left\n", dir);
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
    wxs_error error = {""};
    char path[64];

    (void)argc;
    (void)argv;
    (void)setenv("WAXSEAL_LOG", "error", 1);
    wxs_log_init("fuzz");
    need(mkdtemp(dir) != NULL, "no folder");
    (void)atexit(clean_up);
    need(wxs_config_load(&config, dir, NULL, &error), error.text);
    snprintf(config.admin.key, sizeof(config.admin.key), ADMIN);
    snprintf(config.names.allow_special, sizeof(config.names.allow_special),
             "example");
    need(wxs_admin_key_load(&config, &error) && wxs_db_migrate(dir, &error) &&
             wxs_write_open(dir, false, &error) &&
             wxs_db_open(&context.control, dir, WXS_DB_CONTROL, WXS_DB_READ,
                         &error) &&
             wxs_db_open(&context.requests, dir, WXS_DB_REQUESTS, WXS_DB_READ,
                         &error) &&
             wxs_domains_service.start(&config, &context.state, &error),
         error.text);
    context.config = &config;
    snprintf(path, sizeof(path), "%s/control.db", dir);
    need(sqlite3_open(path, &sql) == SQLITE_OK, path);
    run_sql("PRAGMA synchronous = OFF; INSERT OR IGNORE INTO instance "
            "VALUES (1, 'wx0000'); INSERT OR REPLACE INTO box_key "
            "VALUES (1, randomblob(32))");
    reset();
    return 0;
}

static bool
drop(void *user, const char *text, size_t len)
{
    (void)text;
    *(size_t *)user += len;
    return true;
}

/* Every answer is whole, and an error of the API's form. */
static void
judge(wxs_response *response)
{
    size_t written = 0;
    const wxs_sink sink = {drop, &written};

    need(response->status >= 200 && response->status < 500, "a bad status");
    if (response->stream != NULL)
        need(response->stream(response->stream_state, &sink), "broken off");
    else
        need(response->json != NULL || response->text != NULL, "no body");
    if (response->status >= 400)
        need(json_object_size(response->json) == 3 &&
                 json_integer_value(json_object_get(
                     response->json, "statusCode")) == response->status,
             "no error of the API");
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    wxs_response response = {0};
    wxs_request request = {
        .query = "",
        .authorization = "Bearer " ADMIN,
        .account = ACCOUNT,
        .user_agent = "fuzz",
        .body = "",
        .id = KEY,
    };
    size_t call;
    char *text;

    if (size == 0 || size > 700)
        return -1;
    call = data[0] % (sizeof(calls) / sizeof(calls[0]));
    text = malloc(size);
    need(text != NULL, "no memory");
    memcpy(text, data + 1, size - 1);
    text[size - 1] = '\0';
    request.method = calls[call].method;
    snprintf(request.path, sizeof(request.path), "%s%s", calls[call].path,
             calls[call].input == PATH ? text : "");
    if (calls[call].input == QUERY)
        request.query = text;
    if (calls[call].input == BODY) {
        request.body = text;
        request.body_len = size - 1;
    }
    wxs_service_handle(&wxs_domains_service, &context, &request, &response);
    judge(&response);
    if (strcmp(request.method, "GET") != 0 && response.status < 300)
        reset();
    wxs_response_clear(&response);
    free(text);
    return 0;
}
