#include "api_key.h"

#include <stdio.h>
#include <string.h>

#include "args.h"
#include "client.h"
#include "domain_access.h"
#include "listing.h"
#include "output.h"
#include "uuid.h"

static const wxs_column columns[] = {
    {"NAME", "name"},
    {"PERMISSION", "permission"},
    {"LAST-USED", "last_used_at"},
    {"CREATED", "created_at"},
    {"DOMAIN", "domain_id"},
    {"ID", "id"},
    {0},
};

/* Prints the answer; returns the exit code. */
static int
print(json_t *answer, bool as_json)
{
    bool ok = true;

    if (as_json)
        ok = wxs_json_print(answer);
    else if (json_object_get(answer, "data") != NULL)
        wxs_listing_print(answer, columns);
    else if (json_object_get(answer, "token") != NULL)
        ok = puts(wxs_json_text(answer, "token", "")) >= 0;
    else if (json_object_get(answer, "deleted") != NULL)
        ok = puts("The key is deleted.") >= 0;
    else
        ok = puts("The key is renamed.") >= 0;
    json_decref(answer);
    return !ok || fflush(stdout) != 0;
}

/* Calls "/api-keys", or that of the key id; body is taken over. */
static int
call(const wxs_command *command, const wxs_client_options *access, bool as_json,
     const char *method, const char *id, json_t *body)
{
    char path[64] = "/api-keys";
    json_t *answer = NULL;
    wxs_error error;
    uint8_t uuid[WXS_UUID_SIZE];
    bool ok = id == NULL || wxs_uuid_parse(id, strlen(id), uuid) ||
              wxs_fail(&error, "\"%s\" is not the id of a key", id);
    wxs_client *client = ok ? wxs_client_open(access, &error) : NULL;

    if (id != NULL)
        (void)snprintf(path, sizeof(path), "/api-keys/%.36s", id);
    if (client != NULL)
        answer = wxs_client_call(client, method, path, body, NULL, &error);
    wxs_client_close(client);
    json_decref(body);
    return answer == NULL ? wxs_complain(command, &error)
                          : print(answer, as_json);
}

int
wxs_api_key_list_main(int argc, char **argv)
{
    wxs_client_options access = {0};
    bool as_json = false;
    const wxs_option options[] = {WXS_ACCESS_OPTIONS, {0}};
    const wxs_command command = {"waxseal key list",
                                 "Usage: waxseal key list [OPTIONS]\n"
                                 "\n"
                                 "Prints the account's API keys, the newest "
                                 "first.\n" WXS_ACCESS_HELP,
                                 options, 0};

    int code = wxs_args_read(&command, argc, argv, NULL);
    return code >= 0 ? code
                     : call(&command, &access, as_json, "GET", NULL, NULL);
}

int
wxs_api_key_add_main(int argc, char **argv)
{
    wxs_client_options access = {0};
    bool as_json = false;
    const char *permission = NULL, *domain = NULL;
    const char *name[WXS_OPERANDS_MAX];
    const wxs_option options[] = {WXS_ACCESS_OPTIONS,
                                  {"permission", &permission, NULL},
                                  {"domain-id", &domain, NULL},
                                  {0}};
    const wxs_command command = {
        "waxseal key add",
        "Usage: waxseal key add NAME [OPTIONS]\n"
        "\n"
        "Makes an API key through the API and prints it, this once.\n"
        "\n"
        "  --permission WORD  full_access (default) or sending_access\n"
        "  --domain-id ID     limits a sending_access key to this "
        "domain\n" WXS_ACCESS_HELP,
        options, 1};
    wxs_error error;

    int code = wxs_args_read(&command, argc, argv, name);
    if (code >= 0)
        return code;
    json_t *body = json_pack("{s:s, s:s*, s:s*}", "name", name[0], "permission",
                             permission, "domain_id", domain);
    if (body == NULL) {
        (void)wxs_fail(&error, "an argument is not valid UTF-8");
        return wxs_complain(&command, &error);
    }
    return call(&command, &access, as_json, "POST", NULL, body);
}

int
wxs_api_key_rename_main(int argc, char **argv)
{
    wxs_client_options access = {0};
    bool as_json = false;
    const char *what[WXS_OPERANDS_MAX];
    const wxs_option options[] = {WXS_ACCESS_OPTIONS, {0}};
    const wxs_command command = {"waxseal key rename",
                                 "Usage: waxseal key rename ID NAME [OPTIONS]\n"
                                 "\n"
                                 "Gives an API key another "
                                 "name.\n" WXS_ACCESS_HELP,
                                 options, 2};
    wxs_error error;

    int code = wxs_args_read(&command, argc, argv, what);
    if (code >= 0)
        return code;
    json_t *body = json_pack("{s:s}", "name", what[1]);
    if (body == NULL) {
        (void)wxs_fail(&error, "the name is not valid UTF-8");
        return wxs_complain(&command, &error);
    }
    return call(&command, &access, as_json, "PATCH", what[0], body);
}

int
wxs_api_key_delete_main(int argc, char **argv)
{
    wxs_client_options access = {0};
    bool as_json = false;
    const char *what[WXS_OPERANDS_MAX];
    const wxs_option options[] = {WXS_ACCESS_OPTIONS, {0}};
    const wxs_command command = {"waxseal key delete",
                                 "Usage: waxseal key delete ID [OPTIONS]\n"
                                 "\n"
                                 "Deletes an API key; it is refused from the "
                                 "next request on.\n" WXS_ACCESS_HELP,
                                 options, 1};

    int code = wxs_args_read(&command, argc, argv, what);
    return code >= 0
               ? code
               : call(&command, &access, as_json, "DELETE", what[0], NULL);
}
