#include "webhook.h"

#include <stdio.h>
#include <string.h>

#include "ask.h"
#include "domain_access.h"
#include "listing.h"
#include "output.h"

#define PATH_CAP 1024

static const wxs_column columns[] = {
    {"ENDPOINT", "endpoint"},
    {"STATUS", "status"},
    {"CREATED", "created_at"},
    {"ID", "id"},
    {0},
};

static void
print_secret(const json_t *answer)
{
    wxs_print_clean(stdout, wxs_json_text(answer, "signing_secret", ""));
    (void)fputc('\n', stdout);
}

static void
print_list(const json_t *answer)
{
    wxs_listing_print(answer, columns);
}

static void
print_webhook(const json_t *answer)
{
    static const wxs_column fields[] = {
        {"endpoint", "endpoint"},
        {"status", "status"},
        {"created", "created_at"},
        {"secret", "signing_secret"},
        {"id", "id"},
        {0},
    };
    const json_t *type;
    size_t i;

    wxs_object_print(answer, fields);
    (void)puts("\nEVENTS");
    json_array_foreach(json_object_get(answer, "events"), i, type)
    {
        wxs_print_clean(stdout, json_string_value(type));
        (void)fputc('\n', stdout);
    }
}

static void
print_changed(const json_t *answer)
{
    (void)answer;
    (void)puts("The webhook is changed.");
}

static void
print_deleted(const json_t *answer)
{
    (void)answer;
    (void)puts("The webhook is deleted; nothing more is delivered to it.");
}

/* Calls "/webhooks", or that of the id with the suffix; prints the answer and
 * returns the exit code. body is taken over. */
static int
call(const wxs_command *command, const wxs_client_options *access, bool as_json,
     const char *method, const char *id, const char *suffix, json_t *body,
     void (*print)(const json_t *))
{
    char path[PATH_CAP] = "/webhooks";
    wxs_error error;
    json_t *answer;

    if (id != NULL &&
        !wxs_ask_segment(path, sizeof(path), id, suffix, &error)) {
        json_decref(body);
        return wxs_complain(command, &error);
    }
    answer = wxs_ask(command, access, method, path, body);
    if (answer == NULL)
        return 1;
    return wxs_answer_print(answer, as_json, print);
}

/* The types of a list with commas, as an array. */
static json_t *
types_read(const char *text)
{
    json_t *types = json_array();

    while (types != NULL && *text != '\0') {
        size_t len = strcspn(text, ",");
        if (len > 0 &&
            json_array_append_new(types, json_stringn(text, len)) != 0) {
            json_decref(types);
            return NULL;
        }
        text += len;
        text += *text == ',';
    }
    return types;
}

/* What is to be set; NULL = left alone. NULL is returned if it is not UTF-8. */
static json_t *
body_make(const char *endpoint, const char *types, const char *status)
{
    json_t *list = types == NULL ? NULL : types_read(types);

    if (types != NULL && list == NULL)
        return NULL;
    return json_pack("{s:s*, s:o*, s:s*}", "endpoint", endpoint, "events", list,
                     "status", status);
}

static int
send_body(const wxs_command *command, const wxs_client_options *access,
          bool as_json, const char *method, const char *id, json_t *body,
          void (*print)(const json_t *))
{
    wxs_error error;

    if (body == NULL) {
        (void)wxs_fail(&error, "an argument is not valid UTF-8");
        return wxs_complain(command, &error);
    }
    return call(command, access, as_json, method, id, "", body, print);
}

int
wxs_webhook_add_main(int argc, char **argv)
{
    wxs_client_options access = {0};
    bool as_json = false;
    const char *types = NULL, *url[WXS_OPERANDS_MAX];
    const wxs_option options[] = {
        WXS_ACCESS_OPTIONS, {"events", &types, NULL}, {0}};
    const wxs_command command = {
        "waxseal webhook add",
        "Usage: waxseal webhook add URL --events TYPE,TYPE... [OPTIONS]\n"
        "\n"
        "Tells a URL of yours of events from now on, and prints the secret "
        "that its\n"
        "deliveries are signed with.\n"
        "\n"
        "  --events TYPES   such as "
        "email.opened,email.clicked,domain.updated\n" WXS_ACCESS_HELP,
        options, 1};

    int code = wxs_args_read(&command, argc, argv, url);
    if (code >= 0)
        return code;
    if (types == NULL)
        return wxs_misused(&command, "--events is missing");
    return send_body(&command, &access, as_json, "POST", NULL,
                     body_make(url[0], types, NULL), print_secret);
}

int
wxs_webhook_list_main(int argc, char **argv)
{
    wxs_client_options access = {0};
    bool as_json = false;
    const wxs_option options[] = {WXS_ACCESS_OPTIONS, {0}};
    const wxs_command command = {"waxseal webhook list",
                                 "Usage: waxseal webhook list [OPTIONS]\n"
                                 "\n"
                                 "Prints the account's webhooks, the newest "
                                 "first.\n" WXS_ACCESS_HELP,
                                 options, 0};

    int code = wxs_args_read(&command, argc, argv, NULL);
    return code >= 0 ? code
                     : call(&command, &access, as_json, "GET", NULL, "", NULL,
                            print_list);
}

int
wxs_webhook_show_main(int argc, char **argv)
{
    wxs_client_options access = {0};
    bool as_json = false;
    const char *id[WXS_OPERANDS_MAX];
    const wxs_option options[] = {WXS_ACCESS_OPTIONS, {0}};
    const wxs_command command = {
        "waxseal webhook show",
        "Usage: waxseal webhook show ID [OPTIONS]\n"
        "\n"
        "Prints a webhook, with its secret.\n" WXS_ACCESS_HELP,
        options, 1};

    int code = wxs_args_read(&command, argc, argv, id);
    return code >= 0 ? code
                     : call(&command, &access, as_json, "GET", id[0], "", NULL,
                            print_webhook);
}

int
wxs_webhook_set_main(int argc, char **argv)
{
    wxs_client_options access = {0};
    bool as_json = false, on = false, off = false;
    const char *types = NULL, *url = NULL, *id[WXS_OPERANDS_MAX];
    const wxs_option options[] = {
        WXS_ACCESS_OPTIONS,       {"endpoint", &url, NULL},
        {"events", &types, NULL}, {"enable", NULL, &on},
        {"disable", NULL, &off},  {0}};
    const wxs_command command = {
        "waxseal webhook set",
        "Usage: waxseal webhook set ID [OPTIONS]\n"
        "\n"
        "Changes a webhook.\n"
        "\n"
        "  --endpoint URL   where it delivers to from now on\n"
        "  --events TYPES   what it tells of, in place of what it has told of\n"
        "  --enable         deliver again; --disable: deliver "
        "nothing\n" WXS_ACCESS_HELP,
        options, 1};

    int code = wxs_args_read(&command, argc, argv, id);
    if (code >= 0)
        return code;
    if (on && off)
        return wxs_misused(&command, "give --enable or --disable");
    if (url == NULL && types == NULL && !on && !off)
        return wxs_misused(&command, "say what is to be changed");
    return send_body(&command, &access, as_json, "PATCH", id[0],
                     body_make(url, types,
                               on    ? "enabled"
                               : off ? "disabled"
                                     : NULL),
                     print_changed);
}

int
wxs_webhook_delete_main(int argc, char **argv)
{
    wxs_client_options access = {0};
    bool as_json = false;
    const char *id[WXS_OPERANDS_MAX];
    const wxs_option options[] = {WXS_ACCESS_OPTIONS, {0}};
    const wxs_command command = {
        "waxseal webhook delete",
        "Usage: waxseal webhook delete ID [OPTIONS]\n"
        "\n"
        "Deletes a webhook with what waits to be delivered to "
        "it.\n" WXS_ACCESS_HELP,
        options, 1};

    int code = wxs_args_read(&command, argc, argv, id);
    return code >= 0 ? code
                     : call(&command, &access, as_json, "DELETE", id[0], "",
                            NULL, print_deleted);
}

int
wxs_webhook_rotate_secret_main(int argc, char **argv)
{
    wxs_client_options access = {0};
    bool as_json = false;
    const char *id[WXS_OPERANDS_MAX];
    const wxs_option options[] = {WXS_ACCESS_OPTIONS, {0}};
    const wxs_command command = {
        "waxseal webhook rotate-secret",
        "Usage: waxseal webhook rotate-secret ID [OPTIONS]\n"
        "\n"
        "Gives a webhook a new secret and prints it. For 24 hours the former "
        "one signs\n"
        "as well.\n" WXS_ACCESS_HELP,
        options, 1};

    int code = wxs_args_read(&command, argc, argv, id);
    return code >= 0 ? code
                     : call(&command, &access, as_json, "POST", id[0],
                            "/signing-secret/rotate", NULL, print_secret);
}
