#include "self_check.h"

#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "../../../core/base64url.h"

#define TOKEN_BYTES 16
#define TOKEN_TEXT  22

static bool
make_token(char token[TOKEN_TEXT + 1])
{
    uint8_t bytes[TOKEN_BYTES];

    if (getrandom(bytes, sizeof bytes, 0) != sizeof bytes)
        return false;
    wxs_base64url_encode(bytes, sizeof bytes, token);
    token[TOKEN_TEXT] = '\0';
    return true;
}

static bool
is_answer(const wxs_fetch_result *result, const char *token,
          const char *thumbprint)
{
    char expected[TOKEN_TEXT + 1 + WXS_THUMBPRINT_TEXT + 1];
    int len = snprintf(expected, sizeof expected, "%s.%s", token, thumbprint);

    return result->end == WXS_FETCH_ANSWERED && result->status == 200 &&
           strncmp(result->body, expected, (size_t)len) == 0 &&
           strspn(result->body + len, " \t\r\n") == strlen(result->body + len);
}

static void
explain(const wxs_fetch_result *result, const char *host, char *message,
        size_t cap)
{
    switch (result->end) {
    case WXS_FETCH_ANSWERED:
        (void)snprintf(message, cap,
                       "http://%s does not answer challenges as this server "
                       "does (status %d%s%.100s): something else answers for "
                       "it, or nginx does not know the host yet.",
                       host, result->status,
                       result->server[0] != '\0' ? ", by " : "",
                       result->server);
        break;
    case WXS_FETCH_NO_ADDRESS:
        (void)snprintf(message, cap,
                       "%s has no address: the name that its CNAME record "
                       "leads to has none.",
                       host);
        break;
    case WXS_FETCH_NOT_PUBLIC:
        (void)snprintf(message, cap,
                       "%s has no public address; edge.probe_networks may "
                       "list others.",
                       host);
        break;
    default:
        (void)snprintf(message, cap,
                       "Port 80 of %s cannot be reached from here: %s. If it "
                       "can be reached from elsewhere, set acme.self_check to "
                       "no.",
                       host, result->error);
        break;
    }
}

wxs_reach
wxs_self_check(const wxs_fetcher *fetcher, bool https, const char *host,
               const char thumbprint[WXS_THUMBPRINT_TEXT], char *message,
               size_t cap)
{
    char token[TOKEN_TEXT + 1], path[80];
    wxs_fetch_result result;

    if (!make_token(token)) {
        (void)snprintf(message, cap, "The system has no randomness.");
        return WXS_NOT_KNOWN;
    }
    (void)snprintf(path, sizeof path, "/.well-known/acme-challenge/%s", token);
    wxs_fetch(fetcher, https, host, path, &result);
    if (is_answer(&result, token, thumbprint))
        return WXS_REACHED;
    if (result.end == WXS_FETCH_UNRESOLVED) {
        (void)snprintf(message, cap, "The addresses of %s cannot be looked up.",
                       host);
        return WXS_NOT_KNOWN;
    }
    explain(&result, host, message, cap);
    return WXS_NOT_REACHED;
}
