#include "fetch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "curl_guard.h"
#include "dns_address.h"
#include "event_store.h"

#define HEADERS_MAX 65536 /* bytes */

typedef struct {
    CURL *easy;
    wxs_curl_guard guard;
    struct curl_slist *addresses;
    wxs_fetch_result *result;
    size_t header_bytes;
    size_t body_len;
    char reason[CURL_ERROR_SIZE];
} request;

/* ---- what curl calls ---- */

/* The beginning is enough: stops the transfer when it is there. */
static size_t
take_body(char *bytes, size_t size, size_t count, void *data)
{
    request *r = data;
    size_t len = size * count, room = WXS_FETCH_BODY - r->body_len;
    size_t kept = len < room ? len : room;

    memcpy(r->result->body + r->body_len, bytes, kept);
    r->body_len += kept;
    return kept;
}

static void
copy_value(const char *text, size_t len, char *value, size_t cap)
{
    char *out;

    while (len > 0 && (*text == ' ' || *text == '\t')) {
        text++;
        len--;
    }
    while (len > 0 && strchr(" \t\r\n", text[len - 1]) != NULL)
        len--;
    if (len > cap - 1)
        return;
    out = malloc(3 * len + 1);
    if (out == NULL)
        return;
    out[wxs_event_text(text, len, out)] = '\0';
    if (strlen(out) < cap) /* a part could end within a character */
        memcpy(value, out, strlen(out) + 1);
    free(out);
}

static size_t
take_header(char *bytes, size_t size, size_t count, void *data)
{
    request *r = data;
    wxs_fetch_result *result = r->result;
    size_t len = size * count;
    const struct {
        const char *name;
        char *value;
        size_t cap;
    } wanted[] = {
        {"location:", result->location, sizeof result->location},
        {"x-waxseal-region:", result->region, WXS_FETCH_VALUE},
        {"x-waxseal-request-protocol:", result->protocol, WXS_FETCH_VALUE},
        {"cache-control:", result->cache_control, WXS_FETCH_VALUE},
        {"age:", result->age, WXS_FETCH_VALUE},
        {"x-cache:", result->cache_state, WXS_FETCH_VALUE},
        {"cf-cache-status:", result->cache_state, WXS_FETCH_VALUE},
        {"server:", result->server, WXS_FETCH_VALUE},
        {"via:", result->via, WXS_FETCH_VALUE},
    };

    r->header_bytes += len;
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        size_t name = strlen(wanted[i].name);

        if (len > name && strncasecmp(bytes, wanted[i].name, name) == 0)
            copy_value(bytes + name, len - name, wanted[i].value,
                       wanted[i].cap);
    }
    return r->header_bytes > HEADERS_MAX ? 0 : len;
}

/* ---- a request ---- */

/* "host:port:address,address", so that curl does not look the name up. */
static bool
set_addresses(request *r, const char *host, uint16_t port,
              const struct sockaddr_storage *addresses, int count)
{
    char text[512 + WXS_LOOKUP_ADDRESSES * WXS_ADDRESS_TEXT];
    size_t used =
        (size_t)snprintf(text, sizeof text, "%.253s:%u:", host, (unsigned)port);

    for (int i = 0; i < count; i++) {
        const struct sockaddr *address = (const struct sockaddr *)&addresses[i];
        char number[WXS_ADDRESS_TEXT];
        bool v6 = address->sa_family == AF_INET6;

        wxs_address_text(address, number);
        used +=
            (size_t)snprintf(text + used, sizeof text - used,
                             v6 ? "%s[%s]" : "%s%s", i > 0 ? "," : "", number);
    }
    r->addresses = curl_slist_append(NULL, text);
    return r->addresses != NULL;
}

static bool
set_options(request *r, const char *url, const char *ca_file)
{
    bool ok = wxs_curl_guard_set(r->easy, &r->guard);

#define SET(option, value)                                                     \
    ok = ok && curl_easy_setopt(r->easy, option, value) == CURLE_OK
    SET(CURLOPT_URL, url);
    SET(CURLOPT_RESOLVE, r->addresses);
    SET(CURLOPT_TIMEOUT_MS, (long)WXS_FETCH_MS);
    SET(CURLOPT_CONNECTTIMEOUT_MS, (long)WXS_FETCH_MS);
    SET(CURLOPT_WRITEFUNCTION, take_body);
    SET(CURLOPT_WRITEDATA, r);
    SET(CURLOPT_HEADERFUNCTION, take_header);
    SET(CURLOPT_HEADERDATA, r);
    SET(CURLOPT_ERRORBUFFER, r->reason);
    SET(CURLOPT_USERAGENT, "Waxseal-Check/1");
    SET(CURLOPT_FRESH_CONNECT, 1L);
    SET(CURLOPT_FORBID_REUSE, 1L);
    if (ca_file != NULL && *ca_file != '\0')
        SET(CURLOPT_CAINFO, ca_file);
#undef SET
    return ok;
}

static wxs_fetch_end
end_of(const request *r, CURLcode code)
{
    switch (code) {
    case CURLE_OK:
        return WXS_FETCH_ANSWERED;
    case CURLE_WRITE_ERROR: /* there was more of it than anybody wants */
        return r->body_len == WXS_FETCH_BODY ? WXS_FETCH_ANSWERED
                                             : WXS_FETCH_BROKEN;
    case CURLE_COULDNT_CONNECT:
        return r->guard.refused ? WXS_FETCH_NOT_PUBLIC : WXS_FETCH_UNREACHABLE;
    case CURLE_OPERATION_TIMEDOUT:
        return WXS_FETCH_UNREACHABLE;
    case CURLE_PEER_FAILED_VERIFICATION:
        return WXS_FETCH_CERTIFICATE;
    case CURLE_SSL_CONNECT_ERROR:
        return WXS_FETCH_TLS;
    default:
        return WXS_FETCH_BROKEN;
    }
}

static void
perform(request *r, const char *url, const char *ca_file)
{
    wxs_fetch_result *result = r->result;
    CURLcode code = CURLE_OUT_OF_MEMORY;
    long status = 0;

    r->easy = curl_easy_init();
    if (r->easy != NULL && set_options(r, url, ca_file))
        code = curl_easy_perform(r->easy);
    result->end = end_of(r, code);
    if (r->easy != NULL)
        (void)curl_easy_getinfo(r->easy, CURLINFO_RESPONSE_CODE, &status);
    result->status = (int)status;
    if (result->end != WXS_FETCH_ANSWERED) {
        const char *reason =
            r->reason[0] != '\0' ? r->reason : curl_easy_strerror(code);

        copy_value(reason, strnlen(reason, 99), result->error,
                   sizeof result->error);
    }
    curl_easy_cleanup(r->easy);
}

void
wxs_fetch(const wxs_fetcher *fetcher, bool https, const char *host,
          const char *path, wxs_fetch_result *result)
{
    struct sockaddr_storage addresses[WXS_LOOKUP_ADDRESSES];
    const uint16_t port = https ? 443 : 80;
    request r = {.guard = {.allow = &fetcher->config->edge.probe_networks},
                 .result = result};
    char url[800];
    int count = wxs_lookup_addresses(fetcher->lookup, host, port, addresses);

    memset(result, 0, sizeof *result);
    if (count <= 0) {
        result->end = count == 0 ? WXS_FETCH_NO_ADDRESS : WXS_FETCH_UNRESOLVED;
        return;
    }
    (void)snprintf(url, sizeof url, "http%s://%.253s%.500s", https ? "s" : "",
                   host, path);
    if (set_addresses(&r, host, port, addresses, count))
        perform(&r, url, fetcher->ca_file);
    else
        result->end = WXS_FETCH_BROKEN;
    curl_slist_free_all(r.addresses);
}
