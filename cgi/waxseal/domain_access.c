#include "domain_access.h"

#include <stdio.h>
#include <string.h>

#include "name.h"
#include "output.h"
#include "uuid.h"

bool
wxs_domain_path(wxs_client *client, const char *what, const char *suffix,
                char path[WXS_DOMAIN_PATH], wxs_error *error)
{
    uint8_t uuid[WXS_UUID_SIZE];
    char id[WXS_UUID_TEXT] = "", name[WXS_NAME_SIZE];
    const json_t *domain;
    size_t i;

    if (wxs_uuid_parse(what, strlen(what), uuid)) {
        wxs_uuid_format(uuid, id);
    } else {
        if (!wxs_name_ascii(what, name))
            return wxs_fail(error, "\"%s\" is not a domain name", what);
        json_t *list =
            wxs_client_call(client, "GET", "/domains", NULL, NULL, error);
        if (list == NULL)
            return false;
        json_array_foreach(json_object_get(list, "data"), i, domain)
        {
            const char *text = wxs_json_text(domain, "id", "");
            if (strcmp(wxs_json_text(domain, "name", ""), name) == 0 &&
                wxs_uuid_parse(text, strlen(text), uuid))
                wxs_uuid_format(uuid, id);
        }
        json_decref(list);
    }
    if (id[0] == '\0')
        return wxs_fail(error, "there is no domain %s", what);
    (void)snprintf(path, WXS_DOMAIN_PATH, "/domains/%s%s", id, suffix);
    return true;
}
