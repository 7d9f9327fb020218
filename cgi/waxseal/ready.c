#include "ready.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "log.h"
#include "probe.h"

#define PROBE_MS 250
#define LATE_MS  15000

bool
wxs_ready_prepare(wxs_ready *ready, const wxs_config *config, wxs_error *error)
{
    if (!wxs_address_parse(config->api.listen, &ready->api, error) ||
        !wxs_address_parse(config->edge.listen, &ready->edge, error) ||
        !wxs_address_parse(config->edge.tls_listen, &ready->edge_tls, error))
        return false;
    ready->api = wxs_address_reach(&ready->api);
    ready->edge = wxs_address_reach(&ready->edge);
    ready->edge_tls = wxs_address_reach(&ready->edge_tls);
    ready->config = config;
    ready->since = wxs_monotonic_ms();
    ready->is_late = false;
    return true;
}

/* The defaults lead nowhere: records made from them would be worthless. */
static void
regions_warn(const wxs_config *config)
{
    static const char placeholder[] = ".waxseal.example";
    const char *target = config->region[0].tracking_target;
    size_t len = strlen(target), tail = sizeof(placeholder) - 1;

    if (len > tail && strcmp(target + len - tail, placeholder) == 0)
        (void)printf(
            "Note:      DNS records point to names under waxseal.example: set "
            "the region\n"
            "           settings in %s/waxseal.conf to your own names.\n",
            config->dir);
}

static void
announce(wxs_ready *ready)
{
    char api[WXS_URL_SIZE] = "", edge[WXS_URL_SIZE] = "";
    char edge_tls[WXS_URL_SIZE] = "";
    const char *dir = ready->config->dir;

    (void)wxs_address_url(&ready->api, "http", api);
    (void)wxs_address_url(&ready->edge, "http", edge);
    (void)wxs_address_url(&ready->edge_tls, "https", edge_tls);
    (void)printf("Waxseal is ready.\n"
                 "API:       %s\n"
                 "Tracking:  %s %s\n",
                 api, edge, edge_tls);
    if (ready->api_key[0] != '\0')
        (void)printf("API key:   %s (kept in %s/api.key)\n", ready->api_key,
                     dir);
    else
        (void)printf("API key:   in %s/api.key\n", dir);
    (void)printf("State:     %s\n", dir);
    regions_warn(ready->config);
    (void)fflush(stdout);
    OPENSSL_cleanse(ready->api_key, sizeof(ready->api_key));
}

bool
wxs_ready_check(wxs_ready *ready)
{
    /* 401: the program itself asks for a key */
    if (wxs_probe_http(&ready->api, "/domains", PROBE_MS) == 401 &&
        wxs_probe_http(&ready->edge, "/", PROBE_MS) != 0 &&
        wxs_probe_connect(&ready->edge_tls, PROBE_MS)) {
        announce(ready);
        return true;
    }
    if (!ready->is_late && wxs_monotonic_ms() - ready->since > LATE_MS) {
        wxs_log(WXS_LOG_WARN, "not everything answers yet", "api",
                ready->config->api.listen, "edge", ready->config->edge.listen,
                NULL);
        ready->is_late = true;
    }
    return false;
}
