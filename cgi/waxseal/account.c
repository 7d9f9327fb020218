#include "account.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "args.h"
#include "client.h"
#include "domain_access.h"
#include "listing.h"
#include "output.h"

static const wxs_column columns[] = {
    {"NAME", "name"},
    {"DOMAINS", "domains"},
    {"MAX-DOMAINS", "max_domains"},
    {"REQUESTS/S", "requests_per_second"},
    {"CREATED", "created_at"},
    {"ID", "id"},
    {0},
};

/* What is to be set; NULL = left alone. */
typedef struct {
    const char *name;
    const char *max_domains;
    const char *rate;
} wish;

#define LIMITS_HELP                                                            \
    "  --max-domains N          how many domains it may have, or none: no "    \
    "limit\n"                                                                  \
    "  --requests-per-second N  of all its keys together, or none: as "        \
    "api.rate_limit\n"

static bool
limit_set(json_t *body, const char *field, const char *text, wxs_error *error)
{
    char *end;

    if (text == NULL)
        return true;
    if (strcmp(text, "none") == 0)
        return json_object_set_new(body, field, json_null()) == 0 ||
               wxs_fail(error, "out of memory");
    errno = 0;
    long long value = strtoll(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0')
        return wxs_fail(error, "\"%s\" is not a number, nor none", text);
    return json_object_set_new(body, field, json_integer(value)) == 0 ||
           wxs_fail(error, "out of memory");
}

/* NULL with error filled. */
static json_t *
body_make(const wish *w, wxs_error *error)
{
    json_t *body = json_pack("{s:s*}", "name", w->name);

    if (body == NULL) {
        (void)wxs_fail(error, "the name is not valid UTF-8");
        return NULL;
    }
    if (limit_set(body, "max_domains", w->max_domains, error) &&
        limit_set(body, "requests_per_second", w->rate, error))
        return body;
    json_decref(body);
    return NULL;
}

/* Calls "/accounts" or, if what is an account, "/accounts/<id>"; prints the
 * answer and returns the exit code. body is taken over. */
static int
call(const wxs_command *command, wxs_client_options *access, bool as_json,
     const char *method, const char *what, json_t *body)
{
    char path[64] = "/accounts", id[37];
    json_t *answer = NULL;
    wxs_error error;
    bool ok = true;

    access->as_admin = true;
    wxs_client *client = wxs_client_open(access, &error);
    if (client != NULL && what != NULL) {
        ok = wxs_client_account(client, what, id, &error);
        (void)snprintf(path, sizeof(path), "/accounts/%s", ok ? id : "");
    }
    if (client != NULL && ok)
        answer = wxs_client_call(client, method, path, body, NULL, &error);
    wxs_client_close(client);
    json_decref(body);
    if (answer == NULL)
        return wxs_complain(command, &error);
    if (as_json)
        ok = wxs_json_print(answer);
    else if (json_object_get(answer, "data") != NULL)
        wxs_listing_print(answer, columns);
    else if (json_object_get(answer, "deleted") != NULL)
        ok = printf("Account %s is deleted.\n", id) > 0;
    else
        wxs_object_print(answer, columns);
    json_decref(answer);
    return !ok || fflush(stdout) != 0;
}

int
wxs_account_list_main(int argc, char **argv)
{
    wxs_client_options access = {0};
    bool as_json = false;
    const wxs_option options[] = {WXS_ACCESS_OPTIONS, {0}};
    const wxs_command command = {"waxseal account list",
                                 "Usage: waxseal account list [OPTIONS]\n"
                                 "\n"
                                 "Prints the accounts, the newest first. Needs "
                                 "the admin key.\n" WXS_ACCESS_HELP,
                                 options, 0};

    int code = wxs_args_read(&command, argc, argv, NULL);
    return code >= 0 ? code
                     : call(&command, &access, as_json, "GET", NULL, NULL);
}

int
wxs_account_add_main(int argc, char **argv)
{
    wxs_client_options access = {0};
    bool as_json = false;
    wish w = {0};
    const char *name[WXS_OPERANDS_MAX];
    const wxs_option options[] = {WXS_ACCESS_OPTIONS,
                                  {"max-domains", &w.max_domains, NULL},
                                  {"requests-per-second", &w.rate, NULL},
                                  {0}};
    const wxs_command command = {
        "waxseal account add",
        "Usage: waxseal account add NAME [OPTIONS]\n"
        "\n"
        "Adds an account. Its first key: waxseal key add --account NAME.\n"
        "\n" LIMITS_HELP WXS_ACCESS_HELP,
        options, 1};
    wxs_error error;

    int code = wxs_args_read(&command, argc, argv, name);
    if (code >= 0)
        return code;
    w.name = name[0];
    json_t *body = body_make(&w, &error);
    return body == NULL ? wxs_complain(&command, &error)
                        : call(&command, &access, as_json, "POST", NULL, body);
}

int
wxs_account_set_main(int argc, char **argv)
{
    wxs_client_options access = {0};
    bool as_json = false;
    wish w = {0};
    const char *what[WXS_OPERANDS_MAX];
    const wxs_option options[] = {WXS_ACCESS_OPTIONS,
                                  {"name", &w.name, NULL},
                                  {"max-domains", &w.max_domains, NULL},
                                  {"requests-per-second", &w.rate, NULL},
                                  {0}};
    const wxs_command command = {
        "waxseal account set",
        "Usage: waxseal account set NAME|ID [OPTIONS]\n"
        "\n"
        "Changes an account's name or quotas.\n"
        "\n"
        "  --name NAME              what it is called from now on\n" LIMITS_HELP
            WXS_ACCESS_HELP,
        options, 1};
    wxs_error error;

    int code = wxs_args_read(&command, argc, argv, what);
    if (code >= 0)
        return code;
    json_t *body = body_make(&w, &error);
    return body == NULL
               ? wxs_complain(&command, &error)
               : call(&command, &access, as_json, "PATCH", what[0], body);
}

int
wxs_account_delete_main(int argc, char **argv)
{
    wxs_client_options access = {0};
    bool as_json = false, yes = false;
    const char *what[WXS_OPERANDS_MAX];
    const wxs_option options[] = {WXS_ACCESS_OPTIONS, {"yes", NULL, &yes}, {0}};
    const wxs_command command = {
        "waxseal account delete",
        "Usage: waxseal account delete NAME|ID --yes [OPTIONS]\n"
        "\n"
        "Deletes an account with all its domains and keys. Links that it sent "
        "go on\n"
        "redirecting.\n"
        "\n"
        "  --yes            it is meant\n" WXS_ACCESS_HELP,
        options, 1};

    int code = wxs_args_read(&command, argc, argv, what);
    if (code >= 0)
        return code;
    if (!yes)
        return wxs_misused(&command, "give --yes if it is meant");
    return call(&command, &access, as_json, "DELETE", what[0], NULL);
}
