#include "domain_more.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "args.h"
#include "client.h"
#include "domain_access.h"
#include "listing.h"
#include "output.h"

#define IMPORT_MAX (8UL << 20) /* as the API has it */

int
wxs_domain_delete_main(int argc, char **argv)
{
    wxs_client_options access = {0};
    bool as_json = false;
    const char *what[WXS_OPERANDS_MAX];
    const wxs_option options[] = {WXS_ACCESS_OPTIONS, {0}};
    const wxs_command command = {
        "waxseal domain delete",
        "Usage: waxseal domain delete NAME|ID [OPTIONS]\n"
        "\n"
        "Deletes a domain. Links that were sent go on redirecting, unrecorded; "
        "the\n"
        "DKIM keys are gone.\n" WXS_ACCESS_HELP,
        options, 1};
    char path[WXS_DOMAIN_PATH];
    json_t *answer = NULL;
    wxs_error error;

    int code = wxs_args_read(&command, argc, argv, what);
    if (code >= 0)
        return code;
    wxs_client *client = wxs_client_open(&access, &error);
    if (client != NULL && wxs_domain_path(client, what[0], "", path, &error))
        answer = wxs_client_call(client, "DELETE", path, NULL, NULL, &error);
    wxs_client_close(client);
    if (answer == NULL)
        return wxs_complain(&command, &error);
    bool ok = as_json ? wxs_json_print(answer)
                      : printf("%s is deleted.\n", what[0]) > 0;
    json_decref(answer);
    return !ok || fflush(stdout) != 0;
}

/* The whole of a file, or of the standard input if it is "-"; NULL with error
 * filled. */
static char *
read_all(const char *name, size_t *len, wxs_error *error)
{
    bool is_stdin = name[0] == '-' && name[1] == '\0';
    FILE *file = is_stdin ? stdin : fopen(name, "re");
    char *text = file == NULL ? NULL : malloc(IMPORT_MAX + 1);

    if (file == NULL)
        (void)wxs_fail(error, "cannot read %s: %s", name, strerror(errno));
    else if (text == NULL)
        (void)wxs_fail(error, "out of memory");
    *len = text == NULL ? 0 : fread(text, 1, IMPORT_MAX + 1, file);
    if (text != NULL && (ferror(file) || *len > IMPORT_MAX)) {
        (void)wxs_fail(error, "%s cannot be read, or is over 8 MiB: split it",
                       name);
        free(text);
        text = NULL;
    }
    if (file != NULL && !is_stdin)
        (void)fclose(file);
    return text;
}

int
wxs_domain_import_main(int argc, char **argv)
{
    wxs_client_options access = {0};
    bool as_json = false;
    const char *what[WXS_OPERANDS_MAX];
    const wxs_option options[] = {WXS_ACCESS_OPTIONS, {0}};
    const wxs_command command = {
        "waxseal domain import",
        "Usage: waxseal domain import FILE|- [OPTIONS]\n"
        "\n"
        "Adds the domains of a file: one JSON object a line, as in\n"
        "  {\"name\":\"example.com\",\"region\":\"eu-west-1\"}\n"
        "Prints one line of JSON a line, with its number and the domain or the "
        "error,\n"
        "while it goes on. It may be repeated: what is there already is "
        "refused.\n" WXS_ACCESS_HELP,
        options, 1};
    wxs_error error;
    size_t len;

    int code = wxs_args_read(&command, argc, argv, what);
    if (code >= 0)
        return code;
    char *text = read_all(what[0], &len, &error);
    wxs_client *client = text == NULL ? NULL : wxs_client_open(&access, &error);
    bool ok = client != NULL &&
              wxs_client_pass(client, "/domains/import", text, len, &error);
    wxs_client_close(client);
    free(text);
    return ok ? 0 : wxs_complain(&command, &error);
}

static void
claim_print(const json_t *claim)
{
    static const wxs_column columns[] = {
        {"name", "name"},
        {"status", "status"},
        {"expires", "expires_at"},
        {"domain", "domain_id"},
        {0},
    };
    static const wxs_column record[] = {
        {"publish", "fqdn"}, {"type", "type"}, {"value", "value"}, {0}};

    wxs_object_print(claim, columns);
    wxs_object_print(json_object_get(claim, "record"), record);
}

int
wxs_domain_claim_main(int argc, char **argv)
{
    wxs_client_options access = {0};
    bool as_json = false;
    const char *what[WXS_OPERANDS_MAX];
    const wxs_option options[] = {WXS_ACCESS_OPTIONS, {0}};
    const wxs_command command = {
        "waxseal domain claim",
        "Usage: waxseal domain claim NAME [OPTIONS]\n"
        "\n"
        "Claims a domain that another account has verified, and prints the "
        "record to\n"
        "publish. Once `waxseal domain verify` finds it, the domain changes "
        "hands.\n" WXS_ACCESS_HELP,
        options, 1};
    json_t *answer = NULL;
    wxs_error error;

    int code = wxs_args_read(&command, argc, argv, what);
    if (code >= 0)
        return code;
    json_t *body = json_pack("{s:s}", "name", what[0]);
    wxs_client *client = wxs_client_open(&access, &error);
    if (client != NULL)
        answer = wxs_client_call(client, "POST", "/domains/claim", body, NULL,
                                 &error);
    wxs_client_close(client);
    json_decref(body);
    if (answer == NULL)
        return wxs_complain(&command, &error);
    return wxs_answer_print(answer, as_json, claim_print);
}
