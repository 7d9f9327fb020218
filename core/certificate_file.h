#ifndef WXS_CORE_CERTIFICATE_FILE_H
#define WXS_CORE_CERTIFICATE_FILE_H

#include <stddef.h>
#include <stdint.h>

#include "status.h"

/* The certificate of a tracking host as the edge reads it: one file a host and
 * generation, named HOST.GENERATION.bundle in one folder. Little-endian:
 *
 *   offset  size  field
 *   0       8     "WXSCERT1"
 *   8       4     length of the private key, k
 *   12      4     number of certificates, 1 to 8
 *   16      k     private key, DER, ECPrivateKey (RFC 5915)
 *   then, for each certificate, the leaf first, then its issuers:
 *           4     length, n
 *           n     certificate, DER (RFC 5280)
 *   last    4     CRC-32C of all before
 *
 * DER with a key whose type is known, because that is what OpenSSL reads
 * fastest. The key lies there in the clear: mode 0640, for nginx's workers. A
 * file never changes once it is there; another certificate has another
 * generation. */

#define WXS_CERTIFICATE_MAGIC     "WXSCERT1"
#define WXS_CERTIFICATE_FILE_MAX  65536
#define WXS_CERTIFICATE_FILE_MODE 0640
#define WXS_CERTIFICATES_MAX      8
#define WXS_CERTIFICATE_HOST_MAX                                               \
    200 /* so that the file's name is no longer                                \
           than 255 */
#define WXS_CERTIFICATE_PATH_MAX 4096

/* Bytes of DER that belong to somebody else. */
typedef struct {
    const uint8_t *data;
    size_t len;
} wxs_der;

typedef struct {
    wxs_der key;
    wxs_der certificates[WXS_CERTIFICATES_MAX]; /* the leaf is the first */
    size_t count;                               /* 1 to WXS_CERTIFICATES_MAX */
} wxs_certificate_bundle;

/* Splits the content of a file, which may be anybody's; the bundle points into
 * data. The DER itself is not looked into. WXS_BAD_FORMAT, WXS_BAD_VERSION,
 * WXS_TOO_LONG. */
wxs_status wxs_certificate_parse(const uint8_t *data, size_t len,
                                 wxs_certificate_bundle *bundle);

/* Puts the content of a file together, at most WXS_CERTIFICATE_FILE_MAX bytes.
 * WXS_BAD_FORMAT if the key or a certificate is empty or their number out of
 * bounds; WXS_TOO_LONG if it exceeds that or cap. */
wxs_status wxs_certificate_format(const wxs_certificate_bundle *bundle,
                                  uint8_t *data, size_t cap, size_t *len);

/* The path of a host's file, with NUL. host: lower-case letters, digits,
 * hyphens, underscores and single dots between them, else WXS_BAD_FORMAT: no
 * other host has a certificate, and no host can name another file.
 * WXS_TOO_LONG for more than WXS_CERTIFICATE_HOST_MAX characters, and if the
 * path with its NUL exceeds cap. generation: not 0, else WXS_BAD_FORMAT. */
wxs_status wxs_certificate_path(const char *folder, const char *host,
                                size_t host_len, uint64_t generation,
                                char *path, size_t cap);

/* Puts the file of a host and generation into its folder, in one step and
 * synced to disk. The errors of the three above; WXS_IO. */
wxs_status wxs_certificate_write(const char *folder, const char *host,
                                 size_t host_len, uint64_t generation,
                                 const wxs_certificate_bundle *bundle);

/* Reads such a file into data, of WXS_CERTIFICATE_FILE_MAX bytes, and splits
 * it; the caller wipes data, which has the key, when done, also after an error.
 * WXS_IO (errno ENOENT: there is none), and as above. */
wxs_status wxs_certificate_read(const char *path, uint8_t *data,
                                wxs_certificate_bundle *bundle);

#endif
