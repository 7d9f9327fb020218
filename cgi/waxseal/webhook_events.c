#include "webhook_events.h"

#include <stdio.h>

#include "ask.h"
#include "domain_access.h"
#include "listing.h"
#include "output.h"

#define PATH_CAP 1024

static void
print_events(const json_t *answer)
{
    static const wxs_column columns[] = {
        {"CREATED", "created_at"},
        {"TYPE", "type"},
        {"STATUS", "status"},
        {"ID", "id"},
        {0},
    };

    wxs_listing_print(answer, columns);
    if (json_is_true(json_object_get(answer, "has_more")))
        (void)puts("There are more: --after with the last id goes on.");
}

static void
print_attempts(const json_t *answer)
{
    static const wxs_column columns[] = {
        {"SENT", "sent_at"},
        {"STATUS", "http_status_code"},
        {"RESPONSE", "response"},
        {0},
    };

    wxs_listing_print(answer, columns);
}

static void
print_replayed(const json_t *answer)
{
    (void)answer;
    (void)puts("It is delivered again.");
}

/* Calls the path and prints the answer; returns the exit code. */
static int
call(const wxs_command *command, const wxs_client_options *access, bool as_json,
     const char *method, const char *path, void (*print)(const json_t *))
{
    json_t *answer = wxs_ask(command, access, method, path, NULL);

    if (answer == NULL)
        return 1;
    return wxs_answer_print(answer, as_json, print);
}

/* The call about one event of a webhook. */
static int
event_call(const wxs_command *command, const wxs_client_options *access,
           bool as_json, const char *method, const char *const *what,
           const char *suffix, void (*print)(const json_t *))
{
    char path[PATH_CAP] = "/webhooks";
    wxs_error error;

    if (!wxs_ask_segment(path, sizeof(path), what[0], "/events", &error) ||
        !wxs_ask_segment(path, sizeof(path), what[1], suffix, &error))
        return wxs_complain(command, &error);
    return call(command, access, as_json, method, path, print);
}

int
wxs_webhook_events_main(int argc, char **argv)
{
    wxs_client_options access = {0};
    bool as_json = false;
    const char *limit = NULL, *after = NULL, *id[WXS_OPERANDS_MAX];
    const wxs_option options[] = {WXS_ACCESS_OPTIONS,
                                  {"limit", &limit, NULL},
                                  {"after", &after, NULL},
                                  {0}};
    const wxs_command command = {
        "waxseal webhook events",
        "Usage: waxseal webhook events ID [OPTIONS]\n"
        "\n"
        "Prints what a webhook was told or is still to be told, the newest "
        "first.\n"
        "\n"
        "  --limit N        how many, 1 to 100 (default: 20)\n"
        "  --after EVENT    those that follow this one\n" WXS_ACCESS_HELP,
        options, 1};
    char path[PATH_CAP] = "/webhooks";
    wxs_error error;

    int code = wxs_args_read(&command, argc, argv, id);
    if (code >= 0)
        return code;
    if (!wxs_ask_segment(path, sizeof(path), id[0], "/events", &error) ||
        !wxs_ask_parameter(path, sizeof(path), "limit", limit, &error) ||
        !wxs_ask_parameter(path, sizeof(path), "after", after, &error))
        return wxs_complain(&command, &error);
    return call(&command, &access, as_json, "GET", path, print_events);
}

int
wxs_webhook_attempts_main(int argc, char **argv)
{
    wxs_client_options access = {0};
    bool as_json = false;
    const char *what[WXS_OPERANDS_MAX];
    const wxs_option options[] = {WXS_ACCESS_OPTIONS, {0}};
    const wxs_command command = {
        "waxseal webhook attempts",
        "Usage: waxseal webhook attempts ID EVENT [OPTIONS]\n"
        "\n"
        "Prints every attempt to deliver an event to a webhook, and what it "
        "answered.\n" WXS_ACCESS_HELP,
        options, 2};

    int code = wxs_args_read(&command, argc, argv, what);
    return code >= 0 ? code
                     : event_call(&command, &access, as_json, "GET", what,
                                  "/attempts", print_attempts);
}

int
wxs_webhook_replay_main(int argc, char **argv)
{
    wxs_client_options access = {0};
    bool as_json = false;
    const char *what[WXS_OPERANDS_MAX];
    const wxs_option options[] = {WXS_ACCESS_OPTIONS, {0}};
    const wxs_command command = {
        "waxseal webhook replay",
        "Usage: waxseal webhook replay ID EVENT [OPTIONS]\n"
        "\n"
        "Delivers an event to a webhook once more, whether it failed or "
        "not.\n" WXS_ACCESS_HELP,
        options, 2};

    int code = wxs_args_read(&command, argc, argv, what);
    return code >= 0 ? code
                     : event_call(&command, &access, as_json, "POST", what,
                                  "/replay", print_replayed);
}
