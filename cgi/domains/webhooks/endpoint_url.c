#include "endpoint_url.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>

#include "dns_address.h"

#define PORT_HTTP     80
#define PORT_HTTPS    443
#define PORT_RESERVED 1024 /* those below belong to other protocols */

/* The part, "" if there is none; owned by the caller. NULL without memory. */
static char *
url_part(CURLU *url, CURLUPart part, unsigned flags)
{
    char *text = NULL;

    return curl_url_get(url, part, &text, flags) == CURLUE_OK ? text
                                                              : strdup("");
}

static bool
has_part(CURLU *url, CURLUPart part)
{
    char *text = url_part(url, part, 0);
    bool has = text == NULL || *text != '\0';

    curl_free(text);
    return has;
}

/* A host that is an address, as [::1] or 127.0.0.1. */
static bool
parse_address(const char *host, struct sockaddr_storage *address)
{
    unsigned char bytes[16];
    char text[INET6_ADDRSTRLEN];
    size_t len = strlen(host);

    if (inet_pton(AF_INET, host, bytes) == 1)
        return wxs_address_make(address, bytes, 4, 0) > 0;
    if (host[0] != '[' || host[len - 1] != ']' || len - 1 > sizeof(text))
        return false;
    memcpy(text, host + 1, len - 2);
    text[len - 2] = '\0';
    return inet_pton(AF_INET6, text, bytes) == 1 &&
           wxs_address_make(address, bytes, 16, 0) > 0;
}

static bool
check_host(const char *host, bool secure, const wxs_networks *allow,
           wxs_error *error)
{
    struct sockaddr_storage address;
    const struct sockaddr *a = (const struct sockaddr *)&address;
    bool is_address = parse_address(host, &address);

    if (!secure &&
        (is_address ? !wxs_address_listed(a, allow) : allow->count == 0))
        return wxs_fail(error, "The `endpoint` field must be an https URL.");
    if (is_address && !wxs_address_allowed(a, allow))
        return wxs_fail(error, "The `endpoint` field must have a public "
                               "address.");
    return true;
}

static bool
check_port(const char *text, wxs_error *error)
{
    long port = strtol(text, NULL, 10);

    if (port == PORT_HTTP || port == PORT_HTTPS || port >= PORT_RESERVED)
        return true;
    return wxs_fail(error, "The `endpoint` field must have the port 80 or 443 "
                           "or one above 1023.");
}

static bool
check(CURLU *url, const wxs_networks *allow, wxs_error *error)
{
    char *scheme = url_part(url, CURLUPART_SCHEME, 0);
    char *host = url_part(url, CURLUPART_HOST, 0);
    char *port = url_part(url, CURLUPART_PORT, CURLU_DEFAULT_PORT);
    bool ok = false;

    if (scheme == NULL || host == NULL || port == NULL)
        wxs_fail(error, "out of memory");
    else if (strcmp(scheme, "https") != 0 && strcmp(scheme, "http") != 0)
        wxs_fail(error, "The `endpoint` field must be an https URL.");
    else if (has_part(url, CURLUPART_USER) || has_part(url, CURLUPART_PASSWORD))
        wxs_fail(error, "The `endpoint` field must not have a user name or "
                        "password: deliveries are signed.");
    else if (has_part(url, CURLUPART_FRAGMENT))
        wxs_fail(error, "The `endpoint` field must not have a fragment (#).");
    else
        ok = check_port(port, error) &&
             check_host(host, strcmp(scheme, "https") == 0, allow, error);
    curl_free(scheme);
    curl_free(host);
    curl_free(port);
    return ok;
}

bool
wxs_endpoint_allowed(const char *text, const wxs_networks *allow,
                     wxs_error *error)
{
    CURLU *url;
    bool ok;

    if (strlen(text) > WXS_ENDPOINT_MAX)
        return wxs_fail(error,
                        "The `endpoint` field must be at most %d bytes long.",
                        WXS_ENDPOINT_MAX);
    url = curl_url();
    if (url == NULL)
        return wxs_fail(error, "out of memory");
    ok = curl_url_set(url, CURLUPART_URL, text, CURLU_NON_SUPPORT_SCHEME) ==
                 CURLUE_OK
             ? check(url, allow, error)
             : wxs_fail(error, "The `endpoint` field must be a URL, as "
                               "https://example.com/webhooks.");
    curl_url_cleanup(url);
    return ok;
}
