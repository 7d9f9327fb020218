#ifndef WXS_CERTS_KEY_REQUEST_H
#define WXS_CERTS_KEY_REQUEST_H

#include <openssl/evp.h>

#include "error.h"

/* Makes a new P-256 key for the host and writes a request for its certificate
 * (RFC 2986, PEM) to path. The key stays in memory. NULL with error filled;
 * the caller frees the key. */
EVP_PKEY *wxs_key_request(const char *host, const char *path, wxs_error *error);

#endif
