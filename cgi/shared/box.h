#ifndef WXS_SHARED_BOX_H
#define WXS_SHARED_BOX_H

#include "db.h"
#include "seal.h"

/* Secrets that one program receives and another one keeps: whoever has the
 * public key can lock a secret into a box, and only holders of the master key
 * file can open it. X25519 (RFC 7748) with a fresh key for each box,
 * HKDF-SHA256 (RFC 5869), then wxs_seal() under the derived key. The private
 * key is derived from the master key and is stored nowhere. Box: version (1) |
 * fresh public key (32) | sealed blob. */

#define WXS_BOX_PUBLIC   32
#define WXS_BOX_OVERHEAD (1 + WXS_BOX_PUBLIC + WXS_SEAL_OVERHEAD)

typedef struct {
    uint8_t key[WXS_BOX_PUBLIC];
} wxs_box_key;

/* The public key that belongs to the master key. */
bool wxs_box_key_of(const wxs_seal_key *master, wxs_box_key *box,
                    wxs_error *error);

/* Keeps the public key of master in control.db, if it is not there yet. */
bool wxs_box_key_publish(wxs_db *control, const wxs_seal_key *master,
                         wxs_error *error);

/* Reads it from there: 1 found, 0 nobody has published it yet, -1 error. */
int wxs_box_key_read(wxs_db *control, wxs_box_key *box, wxs_error *error);

/* Locks len bytes into out, which has room for len + WXS_BOX_OVERHEAD. context
 * as with wxs_seal(). */
bool wxs_box_lock(const wxs_box_key *box, const char *context,
                  const uint8_t *data, size_t len, uint8_t *out,
                  wxs_error *error);

/* Opens a blob of len bytes, whether it was sealed or boxed, into out, which
 * has room for len bytes; *size tells how many there are. */
bool wxs_box_open(const wxs_seal_key *master, const char *context,
                  const uint8_t *blob, size_t len, uint8_t *out, size_t *size,
                  wxs_error *error);

#endif
