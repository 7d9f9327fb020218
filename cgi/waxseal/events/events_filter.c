#include "events_filter.h"

#include <stdio.h>
#include <string.h>

#include "ask.h"
#include "domain_access.h"

static bool
add_domain(wxs_client *client, const char *what, char path[WXS_EVENTS_PATH],
           wxs_error *error)
{
    char domain[WXS_DOMAIN_PATH];

    if (what == NULL)
        return true;
    return wxs_domain_path(client, what, "", domain, error) &&
           wxs_ask_parameter(path, WXS_EVENTS_PATH, "domain_id",
                             strrchr(domain, '/') + 1, error);
}

bool
wxs_events_path(wxs_client *client, const char *start,
                const wxs_events_filter *filter, char path[WXS_EVENTS_PATH],
                wxs_error *error)
{
    const struct {
        const char *name;
        const char *value;
    } parameters[] = {
        {"message_id", filter->message},
        {"type", filter->type},
        {"verdict", filter->verdict},
        {"link", filter->link},
        {"tag", filter->tag},
        {"from", filter->from},
        {"to", filter->to},
        {"final", filter->is_final ? "true" : NULL},
    };

    (void)snprintf(path, WXS_EVENTS_PATH, "%s", start);
    if (!add_domain(client, filter->domain, path, error))
        return false;
    for (size_t i = 0; i < sizeof(parameters) / sizeof(parameters[0]); i++) {
        if (!wxs_ask_parameter(path, WXS_EVENTS_PATH, parameters[i].name,
                               parameters[i].value, error))
            return false;
    }
    return true;
}
