#include "host_certificate.h"

#include <stdio.h>
#include <string.h>

#include "args.h"
#include "client.h"
#include "domain_access.h"
#include "listing.h"
#include "output.h"

static const wxs_column columns[] = {
    {"HOST", "host"},          {"STATE", "state"},
    {"EXPIRES", "expires_at"}, {"NEXT-ATTEMPT", "next_attempt_at"},
    {"REASON", "code"},        {0},
};

/* Prints a field behind its label, if it has a value. */
static void
field_print(const json_t *object, const char *label, const char *name)
{
    const char *text = wxs_json_text(object, name, "");

    if (text[0] == '\0')
        return;
    (void)printf("    %s", label);
    wxs_print_clean(stdout, text);
    (void)fputc('\n', stdout);
}

void
wxs_host_certificate_print(const json_t *certificate)
{
    if (!json_is_object(certificate))
        return;
    (void)printf("\nCertificate of ");
    wxs_print_clean(stdout, wxs_json_text(certificate, "host", "?"));
    (void)printf(": %s\n", wxs_json_text(certificate, "state", "?"));
    field_print(certificate, "", "message");
    field_print(certificate, "expires ", "expires_at");
    field_print(certificate, "failing since ", "failing_since");
    field_print(certificate, "next attempt ", "next_attempt_at");
}

/* ---- list ---- */

/* Appends the pages of the list to all; false with error filled. */
static bool
pages_read(wxs_client *client, json_t *all, wxs_error *error)
{
    char path[80] = "/certificates?limit=100";
    bool more = true;

    while (more) {
        json_t *page = wxs_client_call(client, "GET", path, NULL, NULL, error);
        const json_t *data = json_object_get(page, "data");
        size_t count = json_array_size(data);

        if (page == NULL)
            return false;
        more = json_is_true(json_object_get(page, "has_more")) && count > 0;
        if (more)
            (void)snprintf(
                path, sizeof(path), "/certificates?limit=100&after=%.20s",
                wxs_json_text(json_array_get(data, count - 1), "id", ""));
        bool ok = json_array_extend(json_object_get(all, "data"),
                                    (json_t *)data) == 0;
        json_decref(page);
        if (!ok)
            return wxs_fail(error, "out of memory");
    }
    return true;
}

int
wxs_certificate_list_main(int argc, char **argv)
{
    wxs_client_options access = {0};
    bool as_json = false, ok;
    const wxs_option options[] = {WXS_ACCESS_OPTIONS, {0}};
    const wxs_command command = {
        "waxseal certificate list",
        "Usage: waxseal certificate list [OPTIONS]\n"
        "\n"
        "Prints the tracking hosts of the account and what is done about "
        "their\n"
        "certificates, the newest first.\n" WXS_ACCESS_HELP,
        options, 0};
    wxs_error error = {"out of memory"};

    int code = wxs_args_read(&command, argc, argv, NULL);
    if (code >= 0)
        return code;
    json_t *all =
        json_pack("{s:s, s:b, s:[]}", "object", "list", "has_more", 0, "data");
    wxs_client *client = wxs_client_open(&access, &error);
    ok = client != NULL && all != NULL && pages_read(client, all, &error);
    wxs_client_close(client);
    if (!ok) {
        json_decref(all);
        return wxs_complain(&command, &error);
    }
    if (as_json)
        ok = wxs_json_print(all);
    else
        wxs_listing_print(all, columns);
    json_decref(all);
    return !ok || fflush(stdout) != 0;
}

/* ---- renew ---- */

int
wxs_certificate_renew_main(int argc, char **argv)
{
    wxs_client_options access = {0};
    bool as_json = false;
    const char *what[WXS_OPERANDS_MAX];
    const wxs_option options[] = {WXS_ACCESS_OPTIONS, {0}};
    const wxs_command command = {
        "waxseal certificate renew",
        "Usage: waxseal certificate renew NAME|ID [OPTIONS]\n"
        "\n"
        "Has a new certificate ordered for the tracking host of a domain now, "
        "whatever it\n"
        "waits for; the certification authority's limits hold all the "
        "same.\n" WXS_ACCESS_HELP,
        options, 1};
    char path[WXS_DOMAIN_PATH];
    json_t *answer = NULL;
    wxs_error error;
    bool ok = true;

    int code = wxs_args_read(&command, argc, argv, what);
    if (code >= 0)
        return code;
    wxs_client *client = wxs_client_open(&access, &error);
    if (client != NULL &&
        wxs_domain_path(client, what[0], "/certificate/renew", path, &error))
        answer = wxs_client_call(client, "POST", path, NULL, NULL, &error);
    wxs_client_close(client);
    if (answer == NULL)
        return wxs_complain(&command, &error);
    if (as_json)
        ok = wxs_json_print(answer);
    else
        ok = puts("A new certificate is ordered.") >= 0;
    json_decref(answer);
    return !ok || fflush(stdout) != 0;
}
