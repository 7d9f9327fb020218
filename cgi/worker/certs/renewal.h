#ifndef WXS_CERTS_RENEWAL_H
#define WXS_CERTS_RENEWAL_H

#include <stdint.h>

/* When a certificate is replaced, and when an order that failed is tried
 * again. Times in microseconds since 1970; chance is a random number that
 * spreads hosts out over time. */

/* Replaced when a third of its lifetime is left, 30 days at most, and up to a
 * tenth of that earlier. Of one that has already less left at issued_at, half
 * of the rest is used. */
int64_t wxs_renewal_at(int64_t not_before, int64_t not_after, int64_t issued_at,
                       uint32_t chance);

/* The pause after failures in a row, 1 or more: 5 min, 15 min, 1 h, 3 h, 6 h,
 * 12 h, then 24 h, each with up to a tenth more. */
int64_t wxs_renewal_pause(int failures, uint32_t chance);

#endif
