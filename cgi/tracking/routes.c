#include "routes.h"

#include <stdlib.h>

#include "kills.h"
#include "links.h"
#include "messages.h"
#include "recipients.h"
#include "seal.h"
#include "settings.h"

#define BODY_MAX ((size_t)48 << 20) /* two parts of 16 MiB, escaped */

static const wxs_route routes[] = {
    {"POST", "/messages", WXS_SENDING_ACCESS, wxs_messages_create},
    {"POST", "/messages/{id}/kill", WXS_FULL_ACCESS, wxs_kills_message},
    {"POST", "/messages/{id}/unkill", WXS_FULL_ACCESS, wxs_kills_unmessage},
    {"POST", "/links", WXS_SENDING_ACCESS, wxs_links_create},
    {"GET", "/links/{id}", WXS_FULL_ACCESS, wxs_links_get},
    {"POST", "/links/{id}/kill", WXS_FULL_ACCESS, wxs_kills_link},
    {"POST", "/links/{id}/unkill", WXS_FULL_ACCESS, wxs_kills_unlink},
    {"POST", "/domains/{id}/kill", WXS_FULL_ACCESS, wxs_kills_domain},
    {"POST", "/domains/{id}/unkill", WXS_FULL_ACCESS, wxs_kills_undomain},
    {"GET", "/domains/{id}/tracking", WXS_FULL_ACCESS, wxs_settings_get},
    {"PATCH", "/domains/{id}/tracking", WXS_FULL_ACCESS, wxs_settings_update},
    {"GET", "/recipients", WXS_FULL_ACCESS, wxs_recipients_list},
    {"GET", "/recipients/{address}", WXS_FULL_ACCESS, wxs_recipients_get},
    {"PUT", "/recipients/{address}", WXS_FULL_ACCESS, wxs_recipients_put},
    {"DELETE", "/recipients/{address}", WXS_FULL_ACCESS, wxs_recipients_delete},
    {NULL, NULL, WXS_FULL_ACCESS, NULL},
};

static bool
start(const wxs_config *config, void **state, wxs_error *error)
{
    char path[sizeof(config->dir) + 16];
    wxs_seal_key *key;

    if (!wxs_config_path(config, "link.key", path, sizeof(path)))
        return wxs_fail(error, "the path of the state directory is too long");
    key = malloc(sizeof(*key));
    if (key == NULL)
        return wxs_fail(error, "out of memory");
    if (!wxs_seal_key_load(key, path, error)) {
        free(key);
        return false;
    }
    *state = key;
    return true;
}

static void
stop(void *state)
{
    wxs_seal_key_clear(state);
    free(state);
}

const wxs_service wxs_tracking_service = {
    .name = "waxseal-tracking",
    .routes = routes,
    .uses_events = true,
    .body_max = BODY_MAX,
    .start = start,
    .stop = stop,
};
