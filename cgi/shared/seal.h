#ifndef WXS_SHARED_SEAL_H
#define WXS_SHARED_SEAL_H

#include <stddef.h>
#include <stdint.h>

#include "error.h"

/* Secrets at rest: AES-256-GCM (NIST SP 800-38D) under a 32-byte key that
 * lives in a file of its own, mode 0600, owned by the user who reads it.
 * Blob: version (1) | key id (4, the first bytes of SHA-256 of the key) |
 * nonce (12, random) | ciphertext | tag (16). */

#define WXS_SEAL_OVERHEAD 33

typedef struct {
    uint8_t key[32];
    uint8_t id[4];
} wxs_seal_key;

/* Makes a new key file, mode 0600; fails if the file is there already. */
bool wxs_seal_key_create(const char *path, wxs_error *error);

/* Reads a key file; refuses one that others may read or that has another
 * owner, and says how to mend it. */
bool wxs_seal_key_load(wxs_seal_key *key, const char *path, wxs_error *error);

/* Wipes the key. */
void wxs_seal_key_clear(wxs_seal_key *key);

/* Seals len bytes into out, which has room for len + WXS_SEAL_OVERHEAD.
 * context (NUL-terminated) is authenticated with it: a blob moved to another
 * row does not open. */
bool wxs_seal(const wxs_seal_key *key, const char *context,
              const uint8_t *data, size_t len, uint8_t *out, wxs_error *error);

/* Opens a blob of len bytes into out, which has room for
 * len - WXS_SEAL_OVERHEAD. */
bool wxs_unseal(const wxs_seal_key *key, const char *context,
                const uint8_t *blob, size_t len, uint8_t *out,
                wxs_error *error);

#endif
