#include "recipient.h"

#include <string.h>
#include <strings.h>

bool
wxs_recipient_read(const char *text, char address[WXS_RECIPIENT_MAX + 1])
{
    size_t len = strlen(text);
    const char *at = strrchr(text, '@');

    if (len > WXS_RECIPIENT_MAX || at == NULL || at == text || at[1] == '\0')
        return false;
    for (size_t i = 0; i <= len; i++) {
        char c = text[i];

        if ((c != '\0' && (unsigned char)c <= ' ') || c == 0x7f)
            return false;
        address[i] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
    }
    return true;
}

/* Can the character be part of an address (RFC 5322, 3.2.3, RFC 6532)? */
static bool
is_part(char c)
{
    return (unsigned char)c >= 0x80 || (c >= '0' && c <= '9') ||
           (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c != '\0' && strchr("!#$%&'*+-/=?^_`{|}~.@", c) != NULL);
}

static bool
has_address(const char *text, const char *address)
{
    size_t len = strlen(address);

    if (text == NULL || len == 0)
        return false;
    for (const char *c = text; *c != '\0'; c++) {
        if (strncasecmp(c, address, len) == 0 &&
            (c == text || !is_part(c[-1])) && !is_part(c[len]))
            return true;
    }
    return false;
}

bool
wxs_recipient_among(const json_t *recipients, const char *address)
{
    const json_t *text;
    size_t i;

    json_array_foreach(recipients, i, text)
    {
        if (has_address(json_string_value(text), address))
            return true;
    }
    return false;
}
