#ifndef WXS_VERIFY_STORE_KEY_H
#define WXS_VERIFY_STORE_KEY_H

#include <stdint.h>

#include "db.h"

/* The record at fqdn is published: the domain's DKIM key of that selector signs
 * from now on if it was waiting, and the one of the same kind (RSA or Ed25519)
 * that signed so far retires. Inside a write transaction. */
bool wxs_store_activate_key(wxs_db *db, int64_t domain, const char *fqdn,
                            int64_t now, wxs_error *error);

#endif
