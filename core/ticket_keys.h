#ifndef WXS_CORE_TICKET_KEYS_H
#define WXS_CORE_TICKET_KEYS_H

#include <stddef.h>
#include <stdint.h>

#include "status.h"

/* Keys of TLS session tickets (RFC 5077, section 4; RFC 8446, section 4.6.1),
 * in one file that all workers share: nothing but keys of 80 bytes, the newest
 * first. It encrypts; the others still decrypt what they encrypted once. */

#define WXS_TICKET_KEYS_MAX 8

/* As in the file. */
typedef struct {
    uint8_t name[16];
    uint8_t hmac[32];
    uint8_t aes[32];
} wxs_ticket_key;

typedef struct {
    wxs_ticket_key keys[WXS_TICKET_KEYS_MAX];
    size_t count;
} wxs_ticket_keys;

/* Reads the file; on an error *keys is as it was. The caller wipes *keys.
 * WXS_IO (errno ENOENT: there is none), WXS_TOO_LONG, WXS_BAD_FORMAT (also two
 * keys of one name). */
wxs_status wxs_ticket_keys_read(const char *path, wxs_ticket_keys *keys);

/* A fresh key in front. Keeps at most keep keys (1 to WXS_TICKET_KEYS_MAX): a
 * ticket is good for keep - 1 rotations at least. WXS_CRYPTO. */
wxs_status wxs_ticket_keys_add(wxs_ticket_keys *keys, size_t keep);

/* Rotates the keys of a file, mode 0640, in one step; an absent or a broken
 * file starts anew with one key. For one process at a time. WXS_CRYPTO,
 * WXS_IO, WXS_TOO_LONG (path). */
wxs_status wxs_ticket_keys_rotate(const char *path, size_t keep);

#endif
