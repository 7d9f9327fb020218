#include "probe_judge.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define TEXT_MAX 900

typedef struct {
    const wxs_probe *probe;
    json_t *list;
} findings;

__attribute__((format(printf, 4, 5))) static void
find(findings *all, const char *code, const char *fix, const char *format, ...)
{
    char message[TEXT_MAX];
    va_list values;

    va_start(values, format);
    (void)vsnprintf(message, sizeof message, format, values);
    va_end(values);
    (void)json_array_append_new(
        all->list,
        json_pack("{s:s, s:s, s:s, s:s?}", "code", code, "severity",
                  strncmp(code, "note_", 5) == 0 ? "note" : "wrong", "message",
                  message, "fix", fix[0] == '\0' ? NULL : fix));
}

/* ---- there is no answer ---- */

static void
judge_certificate(findings *all, const wxs_fetch_result *result)
{
    static const struct {
        const char *sign; /* in what libcurl says */
        const char *code;
        const char *fix;
    } kinds[] = {
        {"subject name", "certificate_name",
         "Attach a certificate for this very host name to the CDN."},
        {"expired", "certificate_expired", "Renew the certificate at the CDN."},
        {"self-signed", "certificate_untrusted",
         "Attach a certificate of a public authority to the CDN."},
        {"self signed", "certificate_untrusted",
         "Attach a certificate of a public authority to the CDN."},
        {"local issuer", "certificate_untrusted",
         "Attach a certificate of a public authority to the CDN, with all "
         "intermediate certificates."},
        {"", "certificate_invalid", "Mend the certificate at the CDN."},
    };
    size_t i = 0;

    while (strcasestr(result->error, kinds[i].sign) == NULL)
        i++;
    find(all, kinds[i].code, kinds[i].fix,
         "Browsers refuse the certificate of https://%s: %s.", all->probe->host,
         result->error);
}

static void
judge_silence(findings *all, const wxs_fetch_result *result)
{
    const char *host = all->probe->host;

    switch (result->end) {
    case WXS_FETCH_NO_ADDRESS:
        find(all, "no_address", "Add the CNAME record of the tracking host.",
             "%s has no address.", host);
        break;
    case WXS_FETCH_UNRESOLVED:
        find(all, "dns_unknown", "Try again later.",
             "The addresses of %s cannot be looked up now.", host);
        break;
    case WXS_FETCH_NOT_PUBLIC:
        find(all, "not_public",
             "Let the name lead to a public address, or list the network in "
             "edge.probe_networks.",
             "%s has no public address.", host);
        break;
    case WXS_FETCH_CERTIFICATE:
        judge_certificate(all, result);
        break;
    default:
        if (all->probe->http.end == WXS_FETCH_ANSWERED)
            find(all, "http_only",
                 "Have the CDN serve https, with a certificate for this host.",
                 "%s answers over http, but not over https: %s.", host,
                 result->error);
        else
            find(all, "unreachable",
                 "Check that the name leads to the CDN and that the CDN is "
                 "enabled.",
                 "https://%s cannot be reached: %s.", host, result->error);
        break;
    }
}

/* ---- there is one ---- */

/* Does the Location lead to the host itself? */
static bool
leads_back(const char *location, const char *host)
{
    size_t len = strlen(host);
    const char *rest = strncasecmp(location, "https://", 8) == 0  ? location + 8
                       : strncasecmp(location, "http://", 7) == 0 ? location + 7
                                                                  : NULL;

    return rest == NULL ? location[0] == '/'
                        : strncasecmp(rest, host, len) == 0 &&
                              strchr("/:?", rest[len]) != NULL;
}

static bool
is_redirect(const wxs_fetch_result *result)
{
    return result->end == WXS_FETCH_ANSWERED && result->status >= 300 &&
           result->status < 400;
}

static void
judge_redirect(findings *all, const wxs_fetch_result *result)
{
    const char *host = all->probe->host;

    if (leads_back(result->location, host))
        find(all, "redirect_loop",
             "Let the CDN connect to its origin over https, or let it send "
             "X-Forwarded-Proto and list its addresses in "
             "edge.trusted_proxies.",
             "https://%s sends visitors to itself without end (status %d, "
             "Location %.200s).",
             host, result->status, result->location);
    else
        find(all, "redirected",
             "Let the CDN pass requests on to its origin instead of "
             "redirecting them.",
             "https://%s sends visitors to %.200s (status %d).", host,
             result->location, result->status);
}

static void
judge_host(findings *all)
{
    char fix[TEXT_MAX];

    (void)snprintf(fix, sizeof fix,
                   "Have the CDN forward the Host header as it is, with %.253s "
                   "as its origin.",
                   all->probe->target);
    find(all, "host_not_forwarded", fix,
         "Requests for https://%s do not arrive under their own host name.",
         all->probe->host);
}

static void
judge_foreign(findings *all, const wxs_fetch_result *result)
{
    const wxs_probe *probe = all->probe;
    char fix[TEXT_MAX];

    if (result->status == 404 && !probe->is_served) {
        find(all, "not_verified",
             "Publish the records of the domain, and have them checked.",
             "%s is not served yet: its Tracking record was not verified.",
             probe->host);
    } else if (result->status == 404) {
        judge_host(all);
    } else if (result->status >= 500) {
        (void)snprintf(fix, sizeof fix,
                       "Set the CDN's origin to %.253s, and check that it "
                       "connects to it.",
                       probe->target);
        find(all, "origin_unreachable", fix,
             "https://%s answers with status %d%s%.100s: the CDN does not "
             "reach its origin.",
             probe->host, result->status,
             result->server[0] != '\0' ? ", by " : "", result->server);
    } else {
        (void)snprintf(fix, sizeof fix, "Set the CDN's origin to %.253s.",
                       probe->target);
        find(all, "other_server", fix,
             "Another server answers for https://%s: status %d%s%.100s, "
             "without X-Waxseal-Region.",
             probe->host, result->status,
             result->server[0] != '\0' ? ", by " : "", result->server);
    }
}

static bool
is_cached(const wxs_fetch_result *result)
{
    return strtol(result->age, NULL, 10) > 0 ||
           strcasestr(result->cache_state, "hit") != NULL ||
           strcasestr(result->cache_control, "no-store") == NULL;
}

static void
judge_cache(findings *all)
{
    const wxs_fetch_result *result = &all->probe->https[1];

    if (!is_cached(&all->probe->https[0]) && !is_cached(result))
        return;
    find(all, "cached",
         "Disable caching at the CDN for all paths, and let it keep the "
         "Cache-Control header.",
         "Answers of https://%s are cached (Age %s, cache status %s, "
         "Cache-Control %s): opens and clicks get lost.",
         all->probe->host, result->age[0] != '\0' ? result->age : "none",
         result->cache_state[0] != '\0' ? result->cache_state : "none",
         result->cache_control[0] != '\0' ? result->cache_control : "none");
}

/* The answer is this program's. */
static void
judge_own(findings *all, const wxs_fetch_result *result)
{
    const wxs_probe *probe = all->probe;
    char fix[TEXT_MAX];

    (void)snprintf(fix, sizeof fix, "Set the CDN's origin to %.253s.",
                   probe->target);
    if (strcmp(result->region, probe->region) != 0)
        find(all, "other_region", fix,
             "https://%s is answered by the region %.60s; the domain's is %s.",
             probe->host, result->region, probe->region);
    if (probe->link.end == WXS_FETCH_ANSWERED && probe->link.status == 404)
        judge_host(all); /* and under that of the region */
    else if (probe->origin == WXS_PROBE_FOREIGN)
        find(all, "other_installation", fix,
             "https://%s is answered by another installation, or the CDN keeps "
             "back some paths.",
             probe->host);
    if (strcmp(result->protocol, "https") != 0)
        find(all, "protocol_not_forwarded",
             "Have the CDN send X-Forwarded-Proto, and list its addresses in "
             "edge.trusted_proxies; or let it connect to its origin over "
             "https.",
             "Requests for https://%s arrive as %.20s: the CDN does not "
             "forward the protocol, or is not trusted.",
             probe->host,
             result->protocol[0] != '\0' ? result->protocol : "unknown");
    judge_cache(all);
    if (is_redirect(&probe->link))
        judge_redirect(all, &probe->link);
}

static void
judge_http(findings *all)
{
    const wxs_fetch_result *http = &all->probe->http;

    if (http->end == WXS_FETCH_UNREACHABLE || http->end == WXS_FETCH_BROKEN)
        find(all, "note_no_http", "",
             "http://%s does not answer. Links are https, so that does no "
             "harm; but a certificate could not be obtained for the host.",
             all->probe->host);
}

json_t *
wxs_probe_judge(const wxs_probe *probe)
{
    findings all = {.probe = probe, .list = json_array()};
    const wxs_fetch_result *https = &probe->https[0];

    if (https->end != WXS_FETCH_ANSWERED) {
        judge_silence(&all, https);
        return all.list;
    }
    if (is_redirect(https))
        judge_redirect(&all, https);
    else if (https->region[0] == '\0')
        judge_foreign(&all, https);
    else
        judge_own(&all, https);
    judge_http(&all);
    return all.list;
}
