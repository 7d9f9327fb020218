#include "domain.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "args.h"
#include "client.h"
#include "domain_access.h"
#include "domain_print.h"
#include "domain_verify_all.h"
#include "output.h"

#define VERIFY_POLL_S  1
#define VERIFY_GIVE_UP 30 /* polls without an answer, in a row */

/* Prints the answer and releases it; returns the exit code. */
/* One call without a body, and what it answers. */
static int
simple(const wxs_command *command, const wxs_client_options *access,
       const char *method, const char *what, const char *suffix, bool as_json,
       void (*print)(const json_t *))
{
    char path[WXS_DOMAIN_PATH] = "/domains";
    json_t *answer = NULL;
    wxs_error error;
    wxs_client *client = wxs_client_open(access, &error);

    if (client != NULL &&
        (what == NULL || wxs_domain_path(client, what, suffix, path, &error)))
        answer = wxs_client_call(client, method, path, NULL, NULL, &error);
    wxs_client_close(client);
    return answer == NULL ? wxs_complain(command, &error)
                          : wxs_answer_print(answer, as_json, print);
}

int
wxs_domain_list_main(int argc, char **argv)
{
    wxs_client_options access = {0};
    bool as_json = false;
    const wxs_option options[] = {WXS_ACCESS_OPTIONS, {0}};
    const wxs_command command = {
        "waxseal domain list",
        "Usage: waxseal domain list [OPTIONS]\n"
        "\n"
        "Prints the account's domains.\n" WXS_ACCESS_HELP,
        options, 0};

    int code = wxs_args_read(&command, argc, argv, NULL);
    return code >= 0 ? code
                     : simple(&command, &access, "GET", NULL, NULL, as_json,
                              wxs_domain_print_list);
}

int
wxs_domain_show_main(int argc, char **argv)
{
    wxs_client_options access = {0};
    bool as_json = false;
    const char *what[WXS_OPERANDS_MAX];
    const wxs_option options[] = {WXS_ACCESS_OPTIONS, {0}};
    const wxs_command command = {
        "waxseal domain show",
        "Usage: waxseal domain show NAME|ID [OPTIONS]\n"
        "\n"
        "Prints a domain's state, the DNS records it needs and what the last "
        "check\n"
        "said of each.\n" WXS_ACCESS_HELP,
        options, 1};

    int code = wxs_args_read(&command, argc, argv, what);
    return code >= 0 ? code
                     : simple(&command, &access, "GET", what[0], "", as_json,
                              wxs_domain_print);
}

static void
retry_print(const json_t *answer)
{
    (void)answer;
    (void)puts("Verification starts anew.");
}

int
wxs_domain_retry_main(int argc, char **argv)
{
    wxs_client_options access = {0};
    bool as_json = false;
    const char *what[WXS_OPERANDS_MAX];
    const wxs_option options[] = {WXS_ACCESS_OPTIONS, {0}};
    const wxs_command command = {
        "waxseal domain retry",
        "Usage: waxseal domain retry NAME|ID [OPTIONS]\n"
        "\n"
        "Gives a failed domain a fresh window to be verified "
        "in.\n" WXS_ACCESS_HELP,
        options, 1};

    int code = wxs_args_read(&command, argc, argv, what);
    return code >= 0 ? code
                     : simple(&command, &access, "POST", what[0], "/retry",
                              as_json, retry_print);
}

typedef struct {
    const char *region, *return_path, *tracking;
    bool opens, clicks;
} add_wish;

/* NULL: out of memory, or a text is not UTF-8. */
static json_t *
add_body(const char *name, const add_wish *wish)
{
    json_t *body =
        json_pack("{s:s, s:s*, s:s*, s:s*}", "name", name, "region",
                  wish->region, "custom_return_path", wish->return_path,
                  "tracking_subdomain", wish->tracking);

    if (body != NULL &&
        ((wish->opens &&
          json_object_set_new(body, "open_tracking", json_true()) != 0) ||
         (wish->clicks &&
          json_object_set_new(body, "click_tracking", json_true()) != 0))) {
        json_decref(body);
        body = NULL;
    }
    return body;
}

static json_t *
add(const wxs_client_options *access, const char *name, const add_wish *wish,
    wxs_error *error)
{
    json_t *body = add_body(name, wish), *answer = NULL;
    wxs_client *client = NULL;

    if (body == NULL) {
        (void)wxs_fail(error, "an argument is not valid UTF-8");
        return NULL;
    }
    client = wxs_client_open(access, error);
    if (client != NULL)
        answer = wxs_client_call(client, "POST", "/domains", body, NULL, error);
    wxs_client_close(client);
    json_decref(body);
    return answer;
}

int
wxs_domain_add_main(int argc, char **argv)
{
    static const char help[] =
        "Usage: waxseal domain add NAME [OPTIONS]\n"
        "\n"
        "Takes on a domain and prints the DNS records that its owner "
        "publishes.\n"
        "\n"
        "  --region R          us-east-1 (default), eu-west-1, sa-east-1 or\n"
        "                      ap-northeast-1\n"
        "  --return-path L     label of the return path (default: send)\n"
        "  --tracking L        label of the tracking host, as in links.NAME\n"
        "  --open-tracking, --click-tracking\n" WXS_ACCESS_HELP;
    wxs_client_options access = {0};
    bool as_json = false;
    add_wish wish = {0};
    const char *name[WXS_OPERANDS_MAX];
    const wxs_option options[] = {WXS_ACCESS_OPTIONS,
                                  {"region", &wish.region, NULL},
                                  {"return-path", &wish.return_path, NULL},
                                  {"tracking", &wish.tracking, NULL},
                                  {"open-tracking", NULL, &wish.opens},
                                  {"click-tracking", NULL, &wish.clicks},
                                  {0}};
    const wxs_command command = {"waxseal domain add", help, options, 1};
    wxs_error error;

    int code = wxs_args_read(&command, argc, argv, name);
    if (code >= 0)
        return code;
    json_t *answer = add(&access, name[0], &wish, &error);
    if (answer == NULL)
        return wxs_complain(&command, &error);
    return wxs_answer_print(answer, as_json, wxs_domain_print);
}

/* Asks for the domain until its state is settled. An API that does not answer
 * for a while (it may be starting again) is asked again. */
static json_t *
settled(wxs_client *client, const char *path, wxs_error *error)
{
    int missed = 0;

    for (;;) {
        long status;
        json_t *domain =
            wxs_client_call(client, "GET", path, NULL, &status, error);
        if (domain != NULL && strcmp(wxs_domain_state(domain), "pending") != 0)
            return domain;
        missed = domain == NULL ? missed + 1 : 0;
        json_decref(domain);
        if (missed > VERIFY_GIVE_UP ||
            (missed > 0 && status > 0 && status != 502 && status != 503))
            return NULL;
        (void)sleep(VERIFY_POLL_S);
    }
}

/* The domain after the call, or NULL. */
static json_t *
verify(const wxs_client_options *access, const char *what, bool wait,
       wxs_error *error)
{
    char path[WXS_DOMAIN_PATH], verify_path[WXS_DOMAIN_PATH + 8];
    json_t *answer = NULL, *domain = NULL;
    wxs_client *client = wxs_client_open(access, error);

    if (client == NULL || !wxs_domain_path(client, what, "", path, error))
        goto out;
    (void)snprintf(verify_path, sizeof(verify_path), "%s/verify", path);
    answer = wxs_client_call(client, "POST", verify_path, NULL, NULL, error);
    if (answer == NULL)
        goto out;
    domain = wait ? settled(client, path, error)
                  : wxs_client_call(client, "GET", path, NULL, NULL, error);
out:
    json_decref(answer);
    wxs_client_close(client);
    return domain;
}

/* With --all there is no operand. */
static bool
has_all(int argc, char **argv)
{
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
        if (strcmp(argv[i], "--all") == 0)
            return true;
    }
    return false;
}

int
wxs_domain_verify_main(int argc, char **argv)
{
    static const char help[] =
        "Usage: waxseal domain verify NAME|ID [--wait] [OPTIONS]\n"
        "       waxseal domain verify --all [OPTIONS]\n"
        "\n"
        "Has a domain's DNS records checked and prints it.\n"
        "\n"
        "  --all            every domain of the account: shows how far it is "
        "until\n"
        "                   all were checked, then how many are in which "
        "state\n"
        "  --wait           until it is verified or has failed; the exit code "
        "is 0\n"
        "                   only if it is verified\n" WXS_ACCESS_HELP;
    wxs_client_options access = {0};
    bool as_json = false, wait = false, all = has_all(argc, argv);
    const char *what[WXS_OPERANDS_MAX];
    const wxs_option options[] = {
        WXS_ACCESS_OPTIONS, {"wait", NULL, &wait}, {"all", NULL, &all}, {0}};
    const wxs_command command = {"waxseal domain verify", help, options,
                                 all ? 0 : 1};
    wxs_error error;

    int code = wxs_args_read(&command, argc, argv, what);
    if (code >= 0)
        return code;
    if (all)
        return wxs_domain_verify_all(&access, as_json, &error)
                   ? 0
                   : wxs_complain(&command, &error);
    json_t *domain = verify(&access, what[0], wait, &error);
    if (domain == NULL)
        return wxs_complain(&command, &error);
    bool verified = strcmp(wxs_domain_state(domain), "verified") == 0;
    code = wxs_answer_print(domain, as_json, wxs_domain_print);
    return code != 0 || (wait && !verified);
}
