#include "events.h"

#include <stdio.h>
#include <string.h>

#include "args.h"
#include "ask.h"
#include "domain_access.h"
#include "events_filter.h"
#include "events_follow.h"
#include "events_print.h"

static const char help[] =
    "Usage: waxseal events [OPTIONS]\n"
    "\n"
    "Prints opens, clicks and unsubscribes, the newest first; with --follow "
    "the newest\n"
    "ones, the oldest first, and then each one as it comes, until it is "
    "interrupted.\n"
    "\n" WXS_EVENTS_FILTER_HELP
    "  --limit N        how many, 1 to 100 (default: 20)\n"
    "  --after EVENT    those that follow this one\n"
    "  --follow         go on with what comes; a server that starts again is\n"
    "                   waited for. --json prints a line an "
    "event\n" WXS_ACCESS_HELP;

typedef struct {
    wxs_client_options access;
    wxs_events_filter filter;
    const char *limit;
    const char *after;
    bool follow;
    bool as_json;
} wish;

/* Prints one page; false with error filled. */
static bool
print_page(wxs_client *client, const wish *w, char path[WXS_EVENTS_PATH],
           wxs_error *error)
{
    wxs_events_table table;
    json_t *answer;
    bool ok;

    if (!wxs_ask_parameter(path, WXS_EVENTS_PATH, "limit", w->limit, error) ||
        !wxs_ask_parameter(path, WXS_EVENTS_PATH, "after", w->after, error))
        return false;
    answer = wxs_client_call(client, "GET", path, NULL, NULL, error);
    if (answer == NULL)
        return false;
    if (w->as_json) {
        ok = wxs_json_print(answer);
    } else {
        wxs_events_table_begin(&table, false);
        ok = wxs_events_table_print(&table, json_object_get(answer, "data"),
                                    false);
        if (ok && json_is_true(json_object_get(answer, "has_more")))
            ok = printf("There are more: --after %s\n",
                        wxs_json_text(answer, "next", "?")) > 0;
    }
    json_decref(answer);
    return (ok && fflush(stdout) == 0) ||
           wxs_fail(error, "the output cannot be written");
}

static bool
run(const wish *w, wxs_error *error)
{
    char path[WXS_EVENTS_PATH];
    wxs_client *client = wxs_client_open(&w->access, error);
    bool ok = client != NULL &&
              wxs_events_path(client, "/events", &w->filter, path, error);

    if (ok && w->follow)
        ok = wxs_events_follow(client, path, w->limit, w->after, w->as_json,
                               error);
    else if (ok)
        ok = print_page(client, w, path, error);
    wxs_client_close(client);
    return ok;
}

int
wxs_events_main(int argc, char **argv)
{
    wxs_client_options access = {0};
    wxs_events_filter filter = {0};
    bool as_json = false, follow = false;
    const char *limit = NULL, *after = NULL;
    const wxs_option options[] = {
        WXS_ACCESS_OPTIONS,        WXS_EVENTS_FILTER_OPTIONS,
        {"limit", &limit, NULL},   {"after", &after, NULL},
        {"follow", NULL, &follow}, {0}};
    const wxs_command command = {"waxseal events", help, options, 0};
    wxs_error error;

    int code = wxs_args_read(&command, argc, argv, NULL);
    if (code >= 0)
        return code;
    const wish w = {access, filter, limit, after, follow, as_json};
    return run(&w, &error) ? 0 : wxs_complain(&command, &error);
}
