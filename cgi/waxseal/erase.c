#include "erase.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "args.h"
#include "ask.h"
#include "domain_access.h"
#include "output.h"

#define POLL_S    1
#define POLLS_MAX 30 /* without an answer, in a row */
#define PATH_CAP  128

/* Asks until the erasure is done. An API that does not answer for a while (it
 * may be starting again) is asked again. */
static json_t *
finished(wxs_client *client, const char *path, wxs_error *error)
{
    int missed = 0;
    long status;

    for (;;) {
        json_t *erasure =
            wxs_client_call(client, "GET", path, NULL, &status, error);
        if (erasure != NULL &&
            strcmp(wxs_json_text(erasure, "status", ""), "done") == 0)
            return erasure;
        missed = erasure == NULL ? missed + 1 : 0;
        json_decref(erasure);
        if (missed > POLLS_MAX ||
            (missed > 0 && status > 0 && status != 429 && status < 500))
            return NULL;
        (void)sleep(POLL_S);
    }
}

/* The erasure after it was asked for, or once it is done. body is taken over;
 * NULL with error filled. */
static json_t *
erase(const wxs_client_options *access, json_t *body, bool wait,
      wxs_error *error)
{
    char path[PATH_CAP] = "/erasures";
    wxs_client *client = wxs_client_open(access, error);
    json_t *answer = NULL, *last = NULL;

    if (client != NULL)
        answer = wxs_client_call(client, "POST", path, body, NULL, error);
    if (answer != NULL && wait &&
        wxs_ask_segment(path, sizeof(path), wxs_json_text(answer, "id", ""), "",
                        error))
        last = finished(client, path, error);
    wxs_client_close(client);
    json_decref(body);
    if (!wait)
        return answer;
    json_decref(answer);
    return last;
}

static bool
print(const json_t *erasure)
{
    if (strcmp(wxs_json_text(erasure, "status", ""), "done") != 0)
        return printf("Erasure %s is under way.\n",
                      wxs_json_text(erasure, "id", "?")) > 0;
    return printf("Erased: %lld messages, %lld events.\n",
                  (long long)json_integer_value(
                      json_object_get(erasure, "messages")),
                  (long long)json_integer_value(
                      json_object_get(erasure, "events"))) > 0;
}

static int
run(int argc, char **argv, const char *name, const char *help,
    const char *field)
{
    wxs_client_options access = {0};
    bool as_json = false, yes = false, no_wait = false;
    const char *what[WXS_OPERANDS_MAX];
    const wxs_option options[] = {WXS_ACCESS_OPTIONS,
                                  {"yes", NULL, &yes},
                                  {"no-wait", NULL, &no_wait},
                                  {0}};
    const wxs_command command = {name, help, options, 1};
    wxs_error error;

    int code = wxs_args_read(&command, argc, argv, what);
    if (code >= 0)
        return code;
    if (!yes)
        return wxs_misused(&command, "give --yes if it is meant: nothing "
                                     "brings the data back");
    json_t *body = json_pack("{s:s}", field, what[0]);
    if (body == NULL) {
        (void)wxs_fail(&error, "the argument is not valid UTF-8");
        return wxs_complain(&command, &error);
    }
    json_t *erasure = erase(&access, body, !no_wait, &error);
    if (erasure == NULL)
        return wxs_complain(&command, &error);
    bool ok = as_json ? wxs_json_print(erasure) : print(erasure);
    json_decref(erasure);
    return !ok || fflush(stdout) != 0;
}

#define OPTIONS_HELP                                                           \
    "\n"                                                                       \
    "  --yes            it is meant\n"                                         \
    "  --no-wait        do not wait until it is done\n" WXS_ACCESS_HELP

int
wxs_erase_message_main(int argc, char **argv)
{
    return run(argc, argv, "waxseal erase message",
               "Usage: waxseal erase message ID --yes [OPTIONS]\n"
               "\n"
               "Erases what is stored of a message: its events, from whom to "
               "whom it went,\n"
               "its subject and tags. Its links go on redirecting. Sums by "
               "hour and day stay.\n" OPTIONS_HELP,
               "message_id");
}

int
wxs_erase_recipient_main(int argc, char **argv)
{
    return run(argc, argv, "waxseal erase recipient",
               "Usage: waxseal erase recipient ADDRESS --yes [OPTIONS]\n"
               "\n"
               "Does that to every message that was sent to the address, as "
               "far as it is\n"
               "still known to which ones it was "
               "(messages.keep_metadata).\n" OPTIONS_HELP,
               "recipient");
}
