#include "verdict.h"

#include <stddef.h>
#include <string.h>

static const char *const verdicts[WXS_VERDICTS] = {
    [WXS_VERDICT_UNKNOWN] = "unknown",
    [WXS_VERDICT_HUMAN] = "human",
    [WXS_VERDICT_PROXY] = "proxy",
    [WXS_VERDICT_MACHINE] = "machine",
};

static const char *const reasons[WXS_REASONS] = {
    [WXS_REASON_UNCLASSIFIED] = "unclassified",
    [WXS_REASON_ANONYMOUS] = "anonymous",
    [WXS_REASON_ODD_AGENT] = "odd_agent",
    [WXS_REASON_BROWSER] = "browser",
    [WXS_REASON_MAIL_CLIENT] = "mail_client",
    [WXS_REASON_PRIVACY_RELAY] = "privacy_relay",
    [WXS_REASON_ONE_CLICK] = "one_click",
    [WXS_REASON_IMAGE_PROXY] = "image_proxy",
    [WXS_REASON_HEAD_REQUEST] = "head_request",
    [WXS_REASON_PREFETCH_HEADER] = "prefetch_header",
    [WXS_REASON_NO_AGENT] = "no_agent",
    [WXS_REASON_BARE_AGENT] = "bare_agent",
    [WXS_REASON_ANCIENT_BROWSER] = "ancient_browser",
    [WXS_REASON_HTTP_LIBRARY] = "http_library",
    [WXS_REASON_AUTOMATION] = "automation",
    [WXS_REASON_SCANNER] = "scanner",
    [WXS_REASON_CRAWLER] = "crawler",
    [WXS_REASON_LINK_PREVIEW] = "link_preview",
    [WXS_REASON_MONITOR] = "monitor",
    [WXS_REASON_FEED_READER] = "feed_reader",
    [WXS_REASON_CLIENT_PREFLIGHT] = "client_preflight",
    [WXS_REASON_SCANNER_NETWORK] = "scanner_network",
    [WXS_REASON_LINK_BURST] = "link_burst",
    [WXS_REASON_LINK_SWEEP] = "link_sweep",
    [WXS_REASON_AGENT_ROTATION] = "agent_rotation",
    [WXS_REASON_HEAD_THEN_GET] = "head_then_get",
    [WXS_REASON_SAME_SOURCE] = "same_source",
    [WXS_REASON_SCANNER_OPEN] = "scanner_open",
};

static const char *const devices[WXS_DEVICES] = {
    [WXS_DEVICE_UNKNOWN] = "unknown", [WXS_DEVICE_DESKTOP] = "desktop",
    [WXS_DEVICE_MOBILE] = "mobile",   [WXS_DEVICE_TABLET] = "tablet",
    [WXS_DEVICE_PROXY] = "proxy",     [WXS_DEVICE_OTHER] = "other",
};

static const char *
name_of(const char *const *names, size_t count, size_t number)
{
    return names[number < count ? number : 0];
}

const char *
wxs_verdict_name(wxs_verdict verdict)
{
    return name_of(verdicts, WXS_VERDICTS, verdict);
}

const char *
wxs_reason_name(wxs_reason reason)
{
    return name_of(reasons, WXS_REASONS, reason);
}

const char *
wxs_device_name(wxs_device device)
{
    return name_of(devices, WXS_DEVICES, device);
}

bool
wxs_verdict_parse(const char *name, wxs_verdict *verdict)
{
    for (size_t i = 0; i < WXS_VERDICTS; i++) {
        if (strcmp(verdicts[i], name) == 0) {
            *verdict = (wxs_verdict)i;
            return true;
        }
    }
    return false;
}

wxs_reason
wxs_reason_of(const char *name)
{
    for (size_t i = 0; i < WXS_REASONS; i++) {
        if (strcmp(reasons[i], name) == 0)
            return (wxs_reason)i;
    }
    return WXS_REASON_UNCLASSIFIED;
}
