#ifndef WXS_CORE_LINK_KEY_H
#define WXS_CORE_LINK_KEY_H

#include <stddef.h>
#include <stdint.h>

#include "status.h"

#define WXS_LINK_SECRET_SIZE 32
#define WXS_LINK_MAC_SIZE    10
#define WXS_DOMAIN_ID_SIZE   16
#define WXS_LINK_DATA_MAX    1536

/* A link key ready for use: HMAC-SHA256 that has taken in its key. */
typedef struct wxs_link_key wxs_link_key;

/* Derives the key of a key id from a domain's link secret: HKDF-SHA256
 * (RFC 5869) with an empty salt, info = "waxseal link key" and the key id as
 * one byte, 32 bytes out. On WXS_OK the caller owns *key. WXS_CRYPTO,
 * WXS_NO_MEMORY. */
wxs_status wxs_link_key_new(const uint8_t secret[WXS_LINK_SECRET_SIZE],
                            uint8_t key_id, wxs_link_key **key);

/* Accepts NULL; wipes the key. */
void wxs_link_key_free(wxs_link_key *key);

/* HMAC-SHA256 (RFC 2104), cut to 10 bytes, over label (a NUL-terminated
 * constant, the NUL not included, at most 16 bytes), domain_id and data.
 * WXS_TOO_LONG if len is above WXS_LINK_DATA_MAX. */
wxs_status wxs_link_key_mac(const wxs_link_key *key, const char *label,
                            const uint8_t domain_id[WXS_DOMAIN_ID_SIZE],
                            const uint8_t *data, size_t len,
                            uint8_t mac[WXS_LINK_MAC_SIZE]);

#endif
