#ifndef WXS_CORE_CRC32C_H
#define WXS_CORE_CRC32C_H

#include <stddef.h>
#include <stdint.h>

/* CRC-32C (RFC 3720 appendix B.4) of len bytes. crc is 0 at the start, or the
 * result for the bytes before: crc32c(crc32c(0, a), b) = crc32c(0, a b). */
uint32_t wxs_crc32c(uint32_t crc, const void *data, size_t len);

/* The same without the processor's instruction. */
uint32_t wxs_crc32c_portable(uint32_t crc, const void *data, size_t len);

#endif
