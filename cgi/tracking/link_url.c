#include "link_url.h"

#include <idn2.h>
#include <string.h>
#include <strings.h>

#include "destination.h"

#define HOST_MAX 1024 /* bytes of UTF-8; no longer one can be a DNS name */

static bool
contains(const char *text, size_t len, const char *word)
{
    return memmem(text, len, word, strlen(word)) != NULL;
}

static bool
has_placeholder(const char *text, size_t len)
{
    static const char *const signs[] = {"{{", "{%", "*|",
                                        "<%", "${", "%recipient."};
    const char *open = memmem(text, len, "%%", 2);

    for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++)
        if (contains(text, len, signs[i]))
            return true;
    if (open == NULL || text + len - open < 3)
        return false;
    return contains(open + 3, (size_t)(text + len - open) - 3, "%%");
}

/* What browsers make of an attribute's value before they read it as a URL. */
static void
add_stripped(const char *value, size_t len, wxs_buffer *out)
{
    while (len > 0 && (unsigned char)value[0] <= ' ') {
        value++;
        len--;
    }
    while (len > 0 && (unsigned char)value[len - 1] <= ' ')
        len--;
    for (size_t i = 0; i < len; i++)
        if (value[i] != '\t' && value[i] != '\r' && value[i] != '\n')
            wxs_buffer_add_byte(out, value[i]);
}

static size_t
scheme_length(const char *url, size_t len)
{
    if (len >= 8 && strncasecmp(url, "https://", 8) == 0)
        return 8;
    if (len >= 7 && strncasecmp(url, "http://", 7) == 0)
        return 7;
    return 0;
}

static size_t
span_until(const char *text, size_t len, const char *stops)
{
    size_t i = 0;

    while (i < len && strchr(stops, text[i]) == NULL)
        i++;
    return i;
}

/* The characters of RFC 3986, and "%". */
static const bool legal[256] = {
    ['!'] = true,         ['#'] = true,  ['$'] = true,         ['%'] = true,
    ['&'] = true,         ['\''] = true, ['('] = true,         [')'] = true,
    ['*'] = true,         ['+'] = true,  [','] = true,         ['-'] = true,
    ['.'] = true,         ['/'] = true,  ['0' ... '9'] = true, [':'] = true,
    [';'] = true,         ['='] = true,  ['?'] = true,         ['@'] = true,
    ['A' ... 'Z'] = true, ['['] = true,  [']'] = true,         ['_'] = true,
    ['a' ... 'z'] = true, ['~'] = true,
};

static bool
is_legal(char c)
{
    return legal[(unsigned char)c];
}

static bool
all_legal(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (!is_legal(text[i]))
            return false;
    return true;
}

static void
add_encoded(const char *text, size_t len, wxs_buffer *url)
{
    static const char digits[] = "0123456789ABCDEF";

    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];

        if (is_legal(text[i])) {
            wxs_buffer_add_byte(url, text[i]);
        } else {
            wxs_buffer_add_byte(url, '%');
            wxs_buffer_add_byte(url, digits[c >> 4]);
            wxs_buffer_add_byte(url, digits[c & 15]);
        }
    }
}

/* The mapping of UTS 46 can give "/", "@" and the like of look-alikes, which
 * would move the end of the host. */
static bool
is_plain_host(const char *host)
{
    return host[0] != '\0' &&
           host[strspn(host, "abcdefghijklmnopqrstuvwxyz0123456789-._")] ==
               '\0';
}

static bool
add_unicode_host(const char *host, size_t len, wxs_buffer *url)
{
    char name[HOST_MAX + 1];
    char *ascii = NULL;
    bool ok;

    if (len > HOST_MAX || memchr(host, '\0', len) != NULL)
        return false;
    memcpy(name, host, len);
    name[len] = '\0';
    ok = idn2_to_ascii_8z(name, &ascii, IDN2_NONTRANSITIONAL) == IDN2_OK &&
         is_plain_host(ascii);
    if (ok)
        wxs_buffer_add(url, ascii, strlen(ascii));
    idn2_free(ascii);
    return ok;
}

static bool
add_host(const char *host, size_t len, wxs_buffer *url)
{
    bool ascii = true;

    for (size_t i = 0; i < len; i++) {
        if ((unsigned char)host[i] >= 0x80)
            ascii = false;
        else if (!is_legal(host[i]))
            return false;
    }
    if (!ascii)
        return add_unicode_host(host, len, url);
    wxs_buffer_add(url, host, len);
    return true;
}

static bool
add_authority(const char *text, size_t len, wxs_buffer *url)
{
    const char *at = memrchr(text, '@', len);
    size_t host = at == NULL ? 0 : (size_t)(at - text) + 1;
    size_t port;

    add_encoded(text, host, url);
    text += host;
    len -= host;
    port = len > 0 && text[0] == '[' ? len : span_until(text, len, ":");
    if (!add_host(text, port, url))
        return false;
    wxs_buffer_add(url, text + port, len - port);
    return true;
}

static bool
add_url(const char *text, size_t len, wxs_buffer *url)
{
    size_t scheme = scheme_length(text, len);
    size_t authority;

    if (scheme == 0 || has_placeholder(text, len) ||
        memchr(text, '\\', span_until(text, len, "?#")) != NULL)
        return false;
    wxs_buffer_add(url, text, scheme);
    text += scheme;
    len -= scheme;
    authority = span_until(text, len, "/?#");
    if (!add_authority(text, authority, url))
        return false;
    add_encoded(text + authority, len - authority, url);
    return true;
}

/* Appends what the value leads to; false if it is no URL. */
static bool
add_value(const char *value, size_t len, wxs_buffer *url)
{
    wxs_buffer text = {0};
    bool found;

    if (scheme_length(value, len) > 0 && all_legal(value, len)) {
        /* nearly every link: it stays as it is */
        if (memchr(value, '%', len) != NULL && has_placeholder(value, len))
            return false;
        wxs_buffer_add(url, value, len);
        return true;
    }
    add_stripped(value, len, &text);
    found = text.data != NULL && add_url(text.data, text.len, url);
    url->failed |= text.failed;
    wxs_buffer_free(&text);
    return found;
}

wxs_status
wxs_link_url(const char *value, size_t len, wxs_buffer *url)
{
    size_t start = url->len;
    wxs_status status = WXS_NOT_FOUND;
    bool found = add_value(value, len, url);

    if (url->failed)
        status = WXS_NO_MEMORY;
    else if (found)
        status = wxs_destination_check(url->data + start, url->len - start);
    if (status == WXS_BAD_FORMAT)
        status = WXS_NOT_FOUND;
    if (status != WXS_OK)
        url->len = start;
    return status;
}
