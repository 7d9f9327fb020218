#ifndef WXS_CERTS_CHAIN_H
#define WXS_CERTS_CHAIN_H

#include <openssl/evp.h>
#include <stdint.h>

#include "../../../core/certificate_file.h"
#include "error.h"

#define WXS_ISSUER_TEXT 200

/* A certificate as an authority issued it, with its key, put together for the
 * edge. */
typedef struct {
    uint8_t data[WXS_CERTIFICATE_FILE_MAX]; /* core/certificate_file.h */
    size_t len;
    int64_t not_before; /* microseconds since 1970 */
    int64_t not_after;
    char issuer[WXS_ISSUER_TEXT]; /* its common name or organisation, "" =
                                     neither */
} wxs_chain_file;

/* Reads the PEM chain, the leaf first, which is somebody else's output: it must
 * be for this key and this host and valid at now. The caller wipes the
 * result, which holds the key. */
bool wxs_chain_read(const char *path, EVP_PKEY *key, const char *host,
                    int64_t now, wxs_chain_file *chain, wxs_error *error);

#endif
