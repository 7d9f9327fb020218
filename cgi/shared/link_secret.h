#ifndef WXS_SHARED_LINK_SECRET_H
#define WXS_SHARED_LINK_SECRET_H

#include "../../core/link_key.h"
#include "../../core/table.h"
#include "db.h"
#include "seal.h"

/* A domain's link secret, sealed under DIR/link.key, which only the tracking
 * program and the worker load. */
typedef struct {
    uint8_t secret[WXS_LINK_SECRET_SIZE];
    uint8_t current_key; /* the key id to mint with */
    uint8_t valid_keys[WXS_VALID_KEYS_SIZE];
} wxs_link_secret;

/* Reads the domain's secret; *found is false if it has none yet. */
bool wxs_link_secret_get(wxs_db *control, const wxs_seal_key *key,
                         int64_t domain, bool *found, wxs_link_secret *secret,
                         wxs_error *error);

/* Makes and stores a secret unless there is one; inside a write transaction of
 * the caller. */
bool wxs_link_secret_ensure(wxs_db *control, const wxs_seal_key *key,
                            int64_t domain, wxs_error *error);

#endif
