#ifndef WXS_CORE_SIPHASH_H
#define WXS_CORE_SIPHASH_H

#include <stddef.h>
#include <stdint.h>

/* SipHash-2-4 (Aumasson and Bernstein, 2012), 64 bits. key is the 16-byte key
 * as two little-endian words. */
uint64_t wxs_siphash(const uint64_t key[2], const void *data, size_t len);

#endif
