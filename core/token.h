#ifndef WXS_CORE_TOKEN_H
#define WXS_CORE_TOKEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "destination.h"
#include "link_key.h"
#include "status.h"

/* The token of a tracking link, /c/<token>, /o/<token>, /u/<token>.
 * docs/link-format.md specifies it for other implementations; in short, before
 * base64url (integers big-endian):
 *
 *   offset  size  field
 *   0       1     bits 7-6 version (1), 5-4 mode, 3 expiry present,
 *                 2 table link, 1-0 prefix of the destination
 *   1       1     key id
 *   2       0|4   expiry, seconds since 1970, present if bit 3 is set
 *   .       16    message id
 *   .       1-3   click only: link index, LEB128 in its shortest form
 *   .       6|n   click only: link id (table link) or the rest of the
 *                 destination after the prefix (signed link)
 *   .       10    MAC over label, domain id and all bytes before
 *
 * Open and unsubscribe tokens have bits 2-0 zero. */

#define WXS_TOKEN_TEXT_MAX  2048 /* characters; a longer token is refused */
#define WXS_TOKEN_RAW_MAX   1536 /* bytes that many characters decode to */
#define WXS_TOKEN_TABLE_MAX 41   /* bytes of a table link, MAC included */
#define WXS_LINK_INDEX_MAX  ((1u << 21) - 1)
#define WXS_LINK_ID_MAX     ((UINT64_C(1) << 48) - 1)
#define WXS_MESSAGE_ID_SIZE 16
#define WXS_URL_MAX         2048 /* characters of a minted link */

typedef enum {
    WXS_TOKEN_CLICK = 'c',
    WXS_TOKEN_OPEN = 'o',
    WXS_TOKEN_UNSUBSCRIBE = 'u',
} wxs_token_type;

/* What may be kept of a hit; frozen in the link and covered by the MAC. */
typedef enum {
    WXS_MODE_OFF = 0,       /* redirect only, nothing recorded */
    WXS_MODE_ANONYMOUS = 1, /* counted; no message id, address, agent */
    WXS_MODE_PSEUDONYMOUS = 2,
    WXS_MODE_FULL = 3,
} wxs_mode;

typedef struct {
    wxs_token_type type;
    wxs_mode mode;
    uint8_t key_id;
    uint32_t expires; /* seconds since 1970, 0 = never */
    uint8_t message_id[WXS_MESSAGE_ID_SIZE];
    uint32_t link_index; /* click: <= WXS_LINK_INDEX_MAX, else 0 */
    bool is_table;       /* click: link_id instead of a destination */
    uint64_t link_id;    /* <= WXS_LINK_ID_MAX */
    const char *prefix;  /* parse: static text such as "https://www." */
    size_t prefix_len;
    const char *rest; /* the destination is prefix, then rest */
    size_t rest_len;
} wxs_token;

/* Mints a token. For a signed link set rest/rest_len to the whole destination
 * (prefix is ignored: the encoder folds "https://www.", "https://" or
 * "http://" itself); it must pass wxs_destination_check(). Writes text without
 * NUL. WXS_TOO_LONG when it exceeds cap or WXS_TOKEN_TEXT_MAX, WXS_BAD_FORMAT
 * on values out of range, WXS_CRYPTO. */
wxs_status wxs_token_mint(const wxs_token *token,
                          const uint8_t domain_id[WXS_DOMAIN_ID_SIZE],
                          wxs_link_key *key, char *text, size_t cap,
                          size_t *len);

/* A parsed token and the bytes it points into; do not copy or move it. */
typedef struct {
    wxs_token token;
    size_t raw_len;
    uint8_t raw[WXS_TOKEN_RAW_MAX];
} wxs_token_parsed;

/* Reads a token that came from outside. The destination of a signed link has
 * passed wxs_destination_check(). Nothing of it may be believed before
 * wxs_token_verify() says WXS_OK; only key_id may be used, to choose the key.
 * WXS_BAD_FORMAT, WXS_BAD_VERSION, WXS_TOO_LONG. */
wxs_status wxs_token_parse(wxs_token_type type, const char *text, size_t len,
                           wxs_token_parsed *parsed);

/* Checks the MAC in constant time. WXS_BAD_MAC, WXS_CRYPTO. Expiry is the
 * caller's to judge. */
wxs_status wxs_token_verify(const wxs_token_parsed *parsed,
                            const uint8_t domain_id[WXS_DOMAIN_ID_SIZE],
                            wxs_link_key *key);

#endif
