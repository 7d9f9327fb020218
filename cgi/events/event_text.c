#include "event_text.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "utf8.h"

#define ADDRESS_SIZE 16
#define PSEUDONYM    8

json_t *
wxs_event_string(const char *text, size_t len)
{
    static const char replacement[] = "\xef\xbf\xbd";
    size_t used = 0;
    char *clean;
    json_t *json;

    if (text == NULL)
        return json_null();
    clean = malloc(len * 3 + 1);
    if (clean == NULL)
        return NULL;
    for (size_t i = 0; i < len;) {
        size_t size = wxs_utf8_length(text + i, len - i);
        memcpy(clean + used, size > 0 ? text + i : replacement,
               size > 0 ? size : 3);
        used += size > 0 ? size : 3;
        i += size > 0 ? size : 1;
    }
    json = json_stringn(clean, used);
    free(clean);
    return json;
}

void
wxs_event_address(const wxs_event_row *row, char text[WXS_EVENT_ADDRESS_TEXT])
{
    const uint8_t *b = row->address;
    struct in6_addr address;

    text[0] = '\0';
    if (b != NULL && row->address_len == PSEUDONYM)
        (void)snprintf(text, WXS_EVENT_ADDRESS_TEXT,
                       "pseudonym:%02x%02x%02x%02x%02x%02x%02x%02x", b[0], b[1],
                       b[2], b[3], b[4], b[5], b[6], b[7]);
    if (b == NULL || row->address_len != ADDRESS_SIZE)
        return;
    memcpy(&address, b, sizeof(address));
    if (IN6_IS_ADDR_V4MAPPED(&address))
        (void)inet_ntop(AF_INET, b + 12, text, WXS_EVENT_ADDRESS_TEXT);
    else
        (void)inet_ntop(AF_INET6, b, text, WXS_EVENT_ADDRESS_TEXT);
}

const char *
wxs_event_type(int type)
{
    switch (type) {
    case 'c':
        return "click";
    case 'o':
        return "open";
    default:
        return "unsubscribe";
    }
}
