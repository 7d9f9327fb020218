#include "config_value.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "config.h"
#include "verdict.h"

#define DNS_PORT    53
#define ADDRESS_MAX 64
#define ZONE_MAX    180

static bool
is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Reads all of text as a decimal number between min and max. */
static bool
parse_number(const char *text, int64_t min, int64_t max, int64_t *value)
{
    int64_t number = 0;

    if (*text == '\0')
        return false;
    for (; *text != '\0'; text++) {
        if (!is_digit(*text) || number > (INT64_MAX - 9) / 10)
            return false;
        number = number * 10 + (*text - '0');
    }
    *value = number;
    return number >= min && number <= max;
}

static bool
copy_text(const char *text, size_t len, char *out, size_t size)
{
    if (len >= size)
        return false;
    memcpy(out, text, len);
    out[len] = '\0';
    return true;
}

/* Splits "address:port", "[address]:port" or "address"; *port stays if there is
 * none. */
static bool
split_endpoint(const char *text, char address[ADDRESS_MAX], int64_t *port)
{
    const char *colon = strrchr(text, ':');
    bool bracket = text[0] == '[';
    const char *end = bracket ? strchr(text, ']') : colon;

    if (bracket && end == NULL)
        return false;
    if (!bracket && (colon == NULL || strchr(text, ':') != colon))
        return copy_text(text, strlen(text), address, ADDRESS_MAX);
    if (!copy_text(text + bracket, (size_t)(end - text) - bracket, address,
                   ADDRESS_MAX))
        return false;
    end += bracket;
    if (*end == '\0')
        return true;
    return *end == ':' && parse_number(end + 1, 1, 65535, port);
}

bool
wxs_value_listen(const char *text, const wxs_value_bounds *bounds, void *out)
{
    char address[ADDRESS_MAX];
    struct in6_addr parsed;
    int family = text[0] == '[' ? AF_INET6 : AF_INET;
    int64_t port = 0;

    return split_endpoint(text, address, &port) && port != 0 &&
           inet_pton(family, address, &parsed) == 1 &&
           copy_text(text, strlen(text), out, bounds->size);
}

bool
wxs_value_resolver(const char *text, const wxs_value_bounds *bounds, void *out)
{
    struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV,
                             .ai_socktype = SOCK_DGRAM};
    struct addrinfo *found = NULL;
    char address[ADDRESS_MAX];
    char service[8];
    int64_t port = DNS_PORT;

    (void)bounds;
    if (!split_endpoint(text, address, &port))
        return false;
    snprintf(service, sizeof(service), "%d", (int)port);
    if (getaddrinfo(address, service, &hints, &found) != 0)
        return false;
    memset(out, 0, sizeof(struct sockaddr_storage));
    memcpy(out, found->ai_addr, found->ai_addrlen);
    freeaddrinfo(found);
    return true;
}

bool
wxs_value_scheme(const char *text, const wxs_value_bounds *bounds, void *out)
{
    wxs_scheme *scheme = out;

    (void)bounds;
    if (strcmp(text, "auto") == 0)
        *scheme = WXS_SCHEME_AUTO;
    else if (strcmp(text, "http") == 0)
        *scheme = WXS_SCHEME_HTTP;
    else if (strcmp(text, "https") == 0)
        *scheme = WXS_SCHEME_HTTPS;
    else
        return false;
    return true;
}

bool
wxs_value_dns_mode(const char *text, const wxs_value_bounds *bounds, void *out)
{
    wxs_dns_mode *mode = out;

    (void)bounds;
    if (strcmp(text, "authoritative") == 0)
        *mode = WXS_DNS_AUTHORITATIVE;
    else if (strcmp(text, "recursive") == 0)
        *mode = WXS_DNS_RECURSIVE;
    else
        return false;
    return true;
}

/* Copies the next item of a list to item and moves *text behind it. Returns 1
 * an item, 0 no more, -1 one that is longer than cap - 1. */
static int
next_item(const char **text, const char *separators, char *item, size_t cap)
{
    size_t len;

    *text += strspn(*text, separators);
    len = strcspn(*text, separators);
    if (len == 0)
        return 0;
    if (!copy_text(*text, len, item, cap))
        return -1;
    *text += len;
    return 1;
}

static void
clear_host_bits(wxs_network *network)
{
    uint8_t *bytes = network->address.s6_addr;

    for (unsigned i = 0; i < 16; i++) {
        unsigned kept = network->prefix > i * 8 ? network->prefix - i * 8 : 0;
        if (kept < 8)
            bytes[i] &= (uint8_t)(0xff00 >> kept);
    }
}

static bool
parse_network(char *text, wxs_network *network)
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    char *slash = strchr(text, '/');
    bool v6 = strchr(text, ':') != NULL;
    int64_t prefix = v6 ? 128 : 32;
    uint8_t *bytes = network->address.s6_addr;

    if (slash != NULL) {
        *slash = '\0';
        if (!parse_number(slash + 1, 0, prefix, &prefix))
            return false;
    }
    if (v6) {
        if (inet_pton(AF_INET6, text, bytes) != 1)
            return false;
    } else {
        memcpy(bytes, mapped, sizeof(mapped));
        if (inet_pton(AF_INET, text, bytes + sizeof(mapped)) != 1)
            return false;
        prefix += 96;
    }
    network->prefix = (uint8_t)prefix;
    clear_host_bits(network);
    return true;
}

bool
wxs_value_networks(const char *text, const wxs_value_bounds *bounds, void *out)
{
    wxs_networks *networks = out;
    char item[ADDRESS_MAX];
    int more;

    (void)bounds;
    networks->count = 0;
    while ((more = next_item(&text, " \t,", item, sizeof(item))) > 0) {
        if (networks->count == WXS_NETWORKS_MAX ||
            !parse_network(item, &networks->item[networks->count]))
            return false;
        networks->count++;
    }
    return more == 0;
}

bool
wxs_value_verdicts(const char *text, const wxs_value_bounds *bounds, void *out)
{
    unsigned *bits = out;
    wxs_verdict verdict;
    char item[16];
    int more;

    (void)bounds;
    *bits = 0;
    while ((more = next_item(&text, " \t,", item, sizeof(item))) > 0) {
        if (!wxs_verdict_parse(item, &verdict))
            return false;
        *bits |= 1u << verdict;
    }
    return more == 0 && *bits != 0;
}

bool
wxs_value_duration(const char *text, const wxs_value_bounds *bounds, void *out)
{
    static const struct {
        const char *unit;
        int64_t ms;
    } units[] = {
        {"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {"d", 86400000}};
    size_t digits = strspn(text, "0123456789");
    char number[12];
    int64_t value;

    if (!copy_text(text, digits, number, sizeof(number)) ||
        !parse_number(number, 0, INT64_MAX, &value))
        return false;
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (strcmp(text + digits, units[i].unit) != 0)
            continue;
        *(int64_t *)out = value * units[i].ms;
        return value * units[i].ms >= bounds->min &&
               value * units[i].ms <= bounds->max;
    }
    return false;
}

bool
wxs_value_integer(const char *text, const wxs_value_bounds *bounds, void *out)
{
    int64_t value;

    if (!parse_number(text, bounds->min, bounds->max, &value))
        return false;
    *(int *)out = (int)value;
    return true;
}

bool
wxs_value_yes(const char *text, const wxs_value_bounds *bounds, void *out)
{
    (void)bounds;
    *(bool *)out = strcmp(text, "yes") == 0;
    return *(bool *)out || strcmp(text, "no") == 0;
}

#define RATE_MAX 1000000

bool
wxs_value_rate(const char *text, const wxs_value_bounds *bounds, void *out)
{
    size_t digits = strspn(text, "0123456789");
    wxs_quota *rate = out;
    char number[12];
    int64_t count;

    if (text[digits] != '/' ||
        !copy_text(text, digits, number, sizeof(number)) ||
        !parse_number(number, 1, RATE_MAX, &count) ||
        !wxs_value_duration(text + digits + 1, bounds, &rate->per_ms))
        return false;
    rate->count = (int)count;
    return true;
}

bool
wxs_value_port(const char *text, const wxs_value_bounds *bounds, void *out)
{
    int64_t value;

    (void)bounds;
    if (!parse_number(text, 1, 65535, &value))
        return false;
    *(uint16_t *)out = (uint16_t)value;
    return true;
}

static bool
host_character(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || c == '-' || c == '_';
}

/* Labels of 1 to 63 letters, digits, "-" and "_" (which names of policy
 * records start with), no "-" at their ends; 253 bytes in all. */
bool
wxs_value_host(const char *text, const wxs_value_bounds *bounds, void *out)
{
    size_t len = strlen(text);
    char *name = out;
    size_t label = 0;

    if (len > 0 && text[len - 1] == '.')
        len--;
    if (len == 0 || len > 253 || !copy_text(text, len, name, bounds->size))
        return false;
    for (size_t i = 0; i <= len; i++) {
        if (name[i] >= 'A' && name[i] <= 'Z')
            name[i] = (char)(name[i] - 'A' + 'a');
        if (i == len || name[i] == '.') {
            if (label == 0 || label > 63 || name[i - 1] == '-')
                return false;
            label = 0;
        } else {
            if (!host_character(name[i]) || (label == 0 && name[i] == '-'))
                return false;
            label++;
        }
    }
    return true;
}

/* Labels are put before it. */
bool
wxs_value_zone(const char *text, const wxs_value_bounds *bounds, void *out)
{
    if (*text == '\0') {
        *(char *)out = '\0';
        return true;
    }
    return strlen(text) <= ZONE_MAX && wxs_value_host(text, bounds, out);
}

/* Reads a list, each item checked and written by parse, into out with single
 * spaces between the items. */
static bool
join_list(const char *text, wxs_value_parser *parse, bool write_parsed,
          const wxs_value_bounds *bounds, char *out)
{
    const wxs_value_bounds item_bounds = {254, 0, bounds->max};
    char item[254];
    union {
        char text[254];
        int64_t number;
    } parsed;
    size_t used = 0;
    int more;

    out[0] = '\0';
    while ((more = next_item(&text, " \t,", item, sizeof(item))) > 0) {
        const char *kept = write_parsed ? parsed.text : item;
        if (!parse(item, &item_bounds, &parsed) ||
            used + strlen(kept) + 2 > bounds->size)
            return false;
        if (used > 0)
            out[used++] = ' ';
        memcpy(out + used, kept, strlen(kept) + 1);
        used += strlen(kept);
    }
    return more == 0;
}

bool
wxs_value_hosts(const char *text, const wxs_value_bounds *bounds, void *out)
{
    return join_list(text, wxs_value_host, true, bounds, out);
}

bool
wxs_value_schedule(const char *text, const wxs_value_bounds *bounds, void *out)
{
    return join_list(text, wxs_value_duration, false, bounds, out) &&
           *(char *)out != '\0';
}

/* Printable ASCII without blanks. */
static bool
is_plain(const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text <= ' ' || *text > '~')
            return false;
    }
    return true;
}

bool
wxs_value_https(const char *text, const wxs_value_bounds *bounds, void *out)
{
    bool fits = *text == '\0' ||
                (strncasecmp(text, "https://", 8) == 0 && text[8] != '\0');

    return fits && is_plain(text) &&
           copy_text(text, strlen(text), out, bounds->size);
}

bool
wxs_value_email(const char *text, const wxs_value_bounds *bounds, void *out)
{
    const char *at = strrchr(text, '@');
    bool fits = *text == '\0' || (at != NULL && at != text && at[1] != '\0');

    return fits && is_plain(text) &&
           copy_text(text, strlen(text), out, bounds->size);
}

bool
wxs_value_key(const char *text, const wxs_value_bounds *bounds, void *out)
{
    size_t len = strlen(text);

    if (len >= bounds->size || (len > 0 && len < 32))
        return false;
    for (size_t i = 0; i < len; i++) {
        if (text[i] <= ' ' || text[i] > '~')
            return false;
    }
    memcpy(out, text, len + 1);
    return true;
}

bool
wxs_value_file(const char *text, const wxs_value_bounds *bounds, void *out)
{
    return (*text == '\0' || *text == '/') &&
           copy_text(text, strlen(text), out, bounds->size);
}
