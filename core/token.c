#include "token.h"

#include <string.h>

#include <openssl/crypto.h>

#include "base64url.h"

#define VERSION         1
#define VERSION_SHIFT   6
#define MODE_SHIFT      4
#define MODE_MASK       0x03
#define HAS_EXPIRY      0x08
#define IS_TABLE        0x04
#define PREFIX_MASK     0x03
#define LINK_ID_SIZE    6
#define FIXED_SIZE      (2 + 4 + WXS_MESSAGE_ID_SIZE + 3 + LINK_ID_SIZE)
#define PREFIX_MAX_SIZE 12

/* By prefix code. The code is part of the format: never reorder. */
static const struct {
    const char *text;
    size_t len;
} prefixes[] = {
    {"", 0},
    {"https://", 8},
    {"https://www.", PREFIX_MAX_SIZE},
    {"http://", 7},
};

static const char *
label_of(wxs_token_type type)
{
    switch (type) {
    case WXS_TOKEN_CLICK:
        return "waxseal-c1";
    case WXS_TOKEN_OPEN:
        return "waxseal-o1";
    case WXS_TOKEN_UNSUBSCRIBE:
        return "waxseal-u1";
    }
    return NULL;
}

static void
put_be(uint8_t *p, uint64_t value, size_t size)
{
    for (size_t i = 0; i < size; i++)
        p[i] = (uint8_t)(value >> (8 * (size - 1 - i)));
}

static uint64_t
get_be(const uint8_t *p, size_t size)
{
    uint64_t value = 0;

    for (size_t i = 0; i < size; i++)
        value = value << 8 | p[i];
    return value;
}

static size_t
put_leb128(uint8_t *p, uint32_t value)
{
    size_t n = 0;

    for (; value >= 0x80; value >>= 7)
        p[n++] = (uint8_t)(value | 0x80);
    p[n++] = (uint8_t)value;
    return n;
}

/* Bytes read, or 0 when it is cut off, over 3 bytes or not the shortest. */
static size_t
get_leb128(const uint8_t *p, size_t len, uint32_t *value)
{
    *value = 0;
    for (size_t n = 0; n < 3 && n < len; n++) {
        *value |= (uint32_t)(p[n] & 0x7f) << (7 * n);
        if (p[n] < 0x80)
            return n > 0 && p[n] == 0 ? 0 : n + 1;
    }
    return 0;
}

/* The code that leaves the least of the destination. */
static uint8_t
prefix_code(const char *url, size_t len)
{
    uint8_t best = 0;

    for (uint8_t code = 1; code <= PREFIX_MASK; code++)
        if (prefixes[code].len <= len &&
            prefixes[code].len > prefixes[best].len &&
            memcmp(url, prefixes[code].text, prefixes[code].len) == 0)
            best = code;
    return best;
}

static wxs_status
check_fields(const wxs_token *token)
{
    if (label_of(token->type) == NULL || (unsigned)token->mode > MODE_MASK)
        return WXS_BAD_FORMAT;
    if (token->type != WXS_TOKEN_CLICK)
        return token->is_table || token->link_index != 0 ? WXS_BAD_FORMAT
                                                         : WXS_OK;
    if (token->link_index > WXS_LINK_INDEX_MAX)
        return WXS_BAD_FORMAT;
    if (token->is_table)
        return token->link_id > WXS_LINK_ID_MAX ? WXS_BAD_FORMAT : WXS_OK;
    return wxs_destination_check(token->rest, token->rest_len);
}

/* Writes all but the destination and the MAC; returns the bytes written. */
static size_t
put_fixed(const wxs_token *token, uint8_t code, uint8_t raw[FIXED_SIZE])
{
    uint8_t *p = raw;

    *p++ = (uint8_t)(VERSION << VERSION_SHIFT | token->mode << MODE_SHIFT |
                     (token->expires != 0 ? HAS_EXPIRY : 0) |
                     (token->is_table ? IS_TABLE : 0) | code);
    *p++ = token->key_id;
    if (token->expires != 0) {
        put_be(p, token->expires, 4);
        p += 4;
    }
    memcpy(p, token->message_id, WXS_MESSAGE_ID_SIZE);
    p += WXS_MESSAGE_ID_SIZE;
    if (token->type == WXS_TOKEN_CLICK)
        p += put_leb128(p, token->link_index);
    if (token->is_table) {
        put_be(p, token->link_id, LINK_ID_SIZE);
        p += LINK_ID_SIZE;
    }
    return (size_t)(p - raw);
}

wxs_status
wxs_token_mint(const wxs_token *token,
               const uint8_t domain_id[WXS_DOMAIN_ID_SIZE], wxs_link_key *key,
               char *text, size_t cap, size_t *len)
{
    uint8_t raw[WXS_TOKEN_RAW_MAX];
    wxs_status status = check_fields(token);
    bool is_signed = token->type == WXS_TOKEN_CLICK && !token->is_table;
    uint8_t code = 0;
    size_t n, rest_len = 0, text_len;

    if (status != WXS_OK)
        return status;
    if (is_signed) {
        code = prefix_code(token->rest, token->rest_len);
        rest_len = token->rest_len - prefixes[code].len;
    }
    n = put_fixed(token, code, raw);
    if (rest_len > sizeof raw - WXS_LINK_MAC_SIZE - n)
        return WXS_TOO_LONG;
    if (rest_len > 0)
        memcpy(raw + n, token->rest + prefixes[code].len, rest_len);
    n += rest_len;
    text_len = WXS_BASE64URL_LENGTH(n + WXS_LINK_MAC_SIZE);
    if (text_len > cap)
        return WXS_TOO_LONG;
    status = wxs_link_key_mac(key, label_of(token->type), domain_id, raw, n,
                              raw + n);
    if (status != WXS_OK)
        return status;
    wxs_base64url_encode(raw, n + WXS_LINK_MAC_SIZE, text);
    *len = text_len;
    return WXS_OK;
}

/* p to end: what follows the link index of a click. */
static wxs_status
parse_target(uint8_t flags, const uint8_t *p, size_t len, wxs_token *token)
{
    uint8_t code = flags & PREFIX_MASK;
    char url[PREFIX_MAX_SIZE + WXS_TOKEN_RAW_MAX];

    if (token->is_table) {
        if (code != 0 || len != LINK_ID_SIZE)
            return WXS_BAD_FORMAT;
        token->link_id = get_be(p, LINK_ID_SIZE);
        return WXS_OK;
    }
    token->prefix = prefixes[code].text;
    token->prefix_len = prefixes[code].len;
    token->rest = (const char *)p;
    token->rest_len = len;
    memcpy(url, token->prefix, token->prefix_len);
    memcpy(url + token->prefix_len, p, len);
    return wxs_destination_check(url, token->prefix_len + len);
}

/* raw without its MAC */
static wxs_status
parse_raw(wxs_token_type type, const uint8_t *raw, size_t len, wxs_token *token)
{
    uint8_t flags = raw[0];
    size_t pos = 2, n;

    token->type = type;
    token->mode = (wxs_mode)(flags >> MODE_SHIFT & MODE_MASK);
    token->key_id = raw[1];
    if ((flags & HAS_EXPIRY) != 0) {
        if (len - pos < 4)
            return WXS_BAD_FORMAT;
        token->expires = (uint32_t)get_be(raw + pos, 4);
        if (token->expires == 0)
            return WXS_BAD_FORMAT; /* "never" has its own spelling */
        pos += 4;
    }
    if (len - pos < WXS_MESSAGE_ID_SIZE)
        return WXS_BAD_FORMAT;
    memcpy(token->message_id, raw + pos, WXS_MESSAGE_ID_SIZE);
    pos += WXS_MESSAGE_ID_SIZE;
    if (type != WXS_TOKEN_CLICK)
        return (flags & (IS_TABLE | PREFIX_MASK)) != 0 || pos != len
                   ? WXS_BAD_FORMAT
                   : WXS_OK;
    token->is_table = (flags & IS_TABLE) != 0;
    n = get_leb128(raw + pos, len - pos, &token->link_index);
    if (n == 0)
        return WXS_BAD_FORMAT;
    pos += n;
    return parse_target(flags, raw + pos, len - pos, token);
}

wxs_status
wxs_token_parse(wxs_token_type type, const char *text, size_t len,
                wxs_token_parsed *parsed)
{
    wxs_status status;

    if (len > WXS_TOKEN_TEXT_MAX)
        return WXS_TOO_LONG;
    status = wxs_base64url_decode(text, len, parsed->raw, sizeof parsed->raw,
                                  &parsed->raw_len);
    if (status != WXS_OK)
        return status;
    if (parsed->raw_len < 2 + WXS_LINK_MAC_SIZE)
        return WXS_BAD_FORMAT;
    if (parsed->raw[0] >> VERSION_SHIFT != VERSION)
        return WXS_BAD_VERSION;
    memset(&parsed->token, 0, sizeof parsed->token);
    return parse_raw(type, parsed->raw, parsed->raw_len - WXS_LINK_MAC_SIZE,
                     &parsed->token);
}

wxs_status
wxs_token_verify(const wxs_token_parsed *parsed,
                 const uint8_t domain_id[WXS_DOMAIN_ID_SIZE], wxs_link_key *key)
{
    uint8_t mac[WXS_LINK_MAC_SIZE];
    size_t len = parsed->raw_len - WXS_LINK_MAC_SIZE;
    wxs_status status = wxs_link_key_mac(key, label_of(parsed->token.type),
                                         domain_id, parsed->raw, len, mac);

    if (status != WXS_OK)
        return status;
    return CRYPTO_memcmp(mac, parsed->raw + len, sizeof mac) == 0 ? WXS_OK
                                                                  : WXS_BAD_MAC;
}
