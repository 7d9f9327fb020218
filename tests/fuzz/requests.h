#ifndef WXS_TESTS_FUZZ_REQUESTS_H
#define WXS_TESTS_FUZZ_REQUESTS_H

/* A program's requests as anybody may send them, on a real database: the first
 * byte of an input picks the call, the rest is its body, its query or the end
 * of its path. */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "admin_key.h"
#include "log.h"
#include "seal.h"
#include "service.h"

#define FUZZ_ADMIN   "re_fuzzfuzz_0123456789abcdefghijklmn"
#define FUZZ_DOMAIN  "00000000-0000-4000-8000-000000000001"
#define FUZZ_KEY     "00000000-0000-4000-8000-000000000002"
#define FUZZ_ACCOUNT "00000000-0000-4000-8000-000000000003"
#define FUZZ_MESSAGE "00000000-0000-4000-8000-000000000004"

/* Where the input goes. */
typedef enum {
    FUZZ_BODY,
    FUZZ_QUERY,
    FUZZ_PATH
} fuzz_place;

typedef struct {
    const char *method;
    const char *path;
    fuzz_place input;
} fuzz_call;

static wxs_config fuzz_config;
static wxs_context fuzz_context;
static char fuzz_dir[] = "/dev/shm/waxseal-fuzz-XXXXXX";

static void
fuzz_need(bool ok, const char *what)
{
    if (ok)
        return;
    fprintf(stderr, "%s\n", what);
    abort();
}

static void
fuzz_sql(const char *file, const char *text)
{
    char path[64];
    sqlite3 *db;
    char *message = NULL;

    snprintf(path, sizeof(path), "%s/%s", fuzz_dir, file);
    fuzz_need(sqlite3_open(path, &db) == SQLITE_OK, path);
    fuzz_need(sqlite3_exec(db, text, NULL, NULL, &message) == SQLITE_OK,
              message != NULL ? message : text);
    sqlite3_close(db);
}

static void
fuzz_clean_up(void)
{
    char command[64];

    snprintf(command, sizeof(command), "rm -r '%s'", fuzz_dir);
    if (system(command) != 0)
        fprintf(stderr, "%s is left\n", fuzz_dir);
}

/* An account with a verified domain; the service is ready to be called. */
static void
fuzz_start(const wxs_service *service)
{
    wxs_error error = {""};
    char path[64];

    (void)setenv("WAXSEAL_LOG", "error", 1);
    wxs_log_init("fuzz");
    fuzz_need(mkdtemp(fuzz_dir) != NULL, "no folder");
    (void)atexit(fuzz_clean_up);
    snprintf(path, sizeof(path), "%s/link.key", fuzz_dir);
    fuzz_need(wxs_seal_key_create(path, &error) &&
                  wxs_config_load(&fuzz_config, fuzz_dir, NULL, &error),
              error.text);
    snprintf(fuzz_config.admin.key, sizeof(fuzz_config.admin.key), FUZZ_ADMIN);
    fuzz_need(wxs_admin_key_load(&fuzz_config, &error) &&
                  wxs_db_migrate(fuzz_dir, &error) &&
                  wxs_write_open(fuzz_dir, true, &error) &&
                  wxs_context_open(&fuzz_context, service, fuzz_dir, &error),
              error.text);
    fuzz_context.config = &fuzz_config;
    fuzz_need(service->start == NULL ||
                  service->start(&fuzz_config, &fuzz_context.state, &error),
              error.text);
    fuzz_sql("control.db",
             "INSERT INTO accounts (number, id, name, created_at) VALUES "
             "(1, '" FUZZ_ACCOUNT "', 'a', 1);"
             "INSERT INTO domains (number, id, account, name, region, "
             "return_path, open_tracking, click_tracking, tls, state, "
             "state_since, created_at) VALUES (1, '" FUZZ_DOMAIN "', 1, "
             "'own.example', 'us-east-1', 'send', 1, 1, 'opportunistic', "
             "'verified', 1, 1)");
}

static bool
fuzz_drop(void *user, const char *text, size_t len)
{
    (void)text;
    *(size_t *)user += len;
    return true;
}

/* Every answer is whole, and an error of the API's form. */
static void
fuzz_judge(wxs_response *response)
{
    size_t written = 0;
    const wxs_sink sink = {fuzz_drop, &written};

    fuzz_need(response->status >= 200 && response->status < 500,
              "a bad status");
    if (response->stream != NULL)
        fuzz_need(response->stream(response->stream_state, &sink),
                  "broken off");
    else
        fuzz_need(response->json != NULL || response->text != NULL, "no body");
    if (response->status >= 400)
        fuzz_need(json_object_size(response->json) == 3 &&
                      json_integer_value(json_object_get(
                          response->json, "statusCode")) == response->status,
                  "no error of the API");
}

/* Makes the call that the input is; returns the status, -1 if it is none. */
static int
fuzz_request(const wxs_service *service, const fuzz_call *calls, size_t count,
             const uint8_t *data, size_t size)
{
    wxs_response response = {0};
    wxs_request request = {
        .query = "",
        .authorization = "Bearer " FUZZ_ADMIN,
        .account = FUZZ_ACCOUNT,
        .user_agent = "fuzz",
        .body = "",
        .id = FUZZ_KEY,
    };
    const fuzz_call *call;
    char *text;
    int status;

    if (size == 0 || size > 3000)
        return -1;
    call = &calls[data[0] % count];
    text = malloc(size);
    fuzz_need(text != NULL, "no memory");
    memcpy(text, data + 1, size - 1);
    text[size - 1] = '\0';
    request.method = call->method;
    snprintf(request.path, sizeof(request.path), "%s%s", call->path,
             call->input == FUZZ_PATH ? text : "");
    if (call->input == FUZZ_QUERY)
        request.query = text;
    if (call->input == FUZZ_BODY) {
        request.body = text;
        request.body_len = size - 1;
    }
    wxs_service_handle(service, &fuzz_context, &request, &response);
    status = response.status;
    fuzz_judge(&response);
    wxs_response_clear(&response);
    free(text);
    return status;
}

#endif
