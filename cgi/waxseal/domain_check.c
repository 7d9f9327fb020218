#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "args.h"
#include "check_print.h"
#include "clock.h"
#include "domain.h"
#include "domain_access.h"
#include "output.h"

#define WAIT_MS       60000 /* a check may wait for its turn, and takes 12 s */
#define LOOK_MS       60000 /* a look may wait, too, and takes up to 30 s */
#define POLL_NS       200000000L
#define WIDTH_DEFAULT 80
#define WIDTH_MAX     160

/* Asks for the domain until it was checked again. */
static json_t *
await_check(wxs_client *client, const char *path, const char *checked_before,
            wxs_error *error)
{
    static const struct timespec pause = {.tv_nsec = POLL_NS};
    int64_t end = wxs_monotonic_ms() + WAIT_MS;

    for (;;) {
        json_t *domain =
            wxs_client_call(client, "GET", path, NULL, NULL, error);

        if (domain == NULL)
            return NULL;
        if (strcmp(wxs_json_text(domain, "checked_at", ""), checked_before) !=
            0)
            return domain;
        json_decref(domain);
        if (wxs_monotonic_ms() >= end) {
            (void)wxs_fail(error,
                           "the domain was not checked within %d s: is "
                           "waxseal-worker running?",
                           WAIT_MS / 1000);
            return NULL;
        }
        (void)nanosleep(&pause, NULL);
    }
}

/* Does the tracking record lead anywhere? Then it is worth a look how the host
 * answers. */
static bool
leads_somewhere(const json_t *domain)
{
    const json_t *record;
    size_t i;

    json_array_foreach(json_object_get(domain, "records"), i, record)
    {
        const char *code = wxs_json_text(
            json_object_get(record, "status_detail"), "code", "missing");

        if (strcmp(wxs_json_text(record, "record", ""), "Tracking") == 0 &&
            strcmp(code, "missing") != 0)
            return true;
    }
    return false;
}

/* Has the worker look at the tracking host, and adds what it found to the
 * domain; that it could not look is no failure of the check. */
static void
look(wxs_client *client, const char *path, json_t *domain)
{
    static const struct timespec pause = {.tv_nsec = POLL_NS};
    int64_t end = wxs_monotonic_ms() + LOOK_MS;
    char check_path[WXS_DOMAIN_PATH + 16];
    const char *method = "POST";
    wxs_error error;

    (void)snprintf(check_path, sizeof(check_path), "%s/tracking/check", path);
    while (wxs_monotonic_ms() < end) {
        json_t *found =
            wxs_client_call(client, method, check_path, NULL, NULL, &error);

        if (found == NULL)
            return;
        if (strcmp(wxs_json_text(found, "state", ""), "done") == 0) {
            (void)json_object_set_new(domain, "tracking_check", found);
            return;
        }
        json_decref(found);
        method = "GET";
        (void)nanosleep(&pause, NULL);
    }
}

static json_t *
check(const wxs_client_options *access, const char *what, wxs_error *error)
{
    char path[WXS_DOMAIN_PATH], verify_path[WXS_DOMAIN_PATH + 8];
    json_t *before = NULL, *answer = NULL, *domain = NULL;
    wxs_client *client = wxs_client_open(access, error);

    if (client == NULL || !wxs_domain_path(client, what, "", path, error))
        goto out;
    (void)snprintf(verify_path, sizeof(verify_path), "%s/verify", path);
    before = wxs_client_call(client, "GET", path, NULL, NULL, error);
    if (before == NULL)
        goto out;
    answer = wxs_client_call(client, "POST", verify_path, NULL, NULL, error);
    if (answer != NULL)
        domain = await_check(client, path,
                             wxs_json_text(before, "checked_at", ""), error);
    if (domain != NULL && leads_somewhere(domain))
        look(client, path, domain);
out:
    json_decref(before);
    json_decref(answer);
    wxs_client_close(client);
    return domain;
}

/* https://no-color.org */
static bool
wants_colour(void)
{
    const char *no_colour = getenv("NO_COLOR");
    const char *terminal = getenv("TERM");

    return isatty(STDOUT_FILENO) == 1 &&
           (no_colour == NULL || no_colour[0] == '\0') &&
           (terminal == NULL || strcmp(terminal, "dumb") != 0);
}

static size_t
terminal_width(void)
{
    struct winsize size;

    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
        return WIDTH_DEFAULT;
    return size.ws_col > WIDTH_MAX ? WIDTH_MAX : size.ws_col;
}

int
wxs_domain_check_main(int argc, char **argv)
{
    static const char help[] =
        "Usage: waxseal domain check NAME|ID [OPTIONS]\n"
        "\n"
        "Has a domain's DNS records checked now and prints for each what was "
        "found, what\n"
        "is expected and how to mend it; in colours on a terminal, unless "
        "NO_COLOR is\n"
        "set. If the tracking record leads somewhere, it also looks at how the "
        "tracking\n"
        "host answers over https, and says what is wrong with a CDN in front "
        "of it. The\n"
        "exit code is 0 only if all records are right.\n" WXS_ACCESS_HELP;
    wxs_client_options access = {0};
    bool as_json = false;
    const char *what[WXS_OPERANDS_MAX];
    const wxs_option options[] = {WXS_ACCESS_OPTIONS, {0}};
    const wxs_command command = {"waxseal domain check", help, options, 1};
    wxs_error error;
    bool good, printed = true;

    int code = wxs_args_read(&command, argc, argv, what);
    if (code >= 0)
        return code;
    json_t *domain = check(&access, what[0], &error);
    if (domain == NULL)
        return wxs_complain(&command, &error);
    if (as_json)
        printed = wxs_json_print(domain);
    else
        wxs_check_print(stdout, domain, terminal_width(), wants_colour());
    good = wxs_check_good(domain);
    json_decref(domain);
    return !printed || fflush(stdout) != 0 || !good;
}
