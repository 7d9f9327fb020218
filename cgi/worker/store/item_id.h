#ifndef WXS_STORE_ITEM_ID_H
#define WXS_STORE_ITEM_ID_H

#include <stddef.h>
#include <stdint.h>

/* The number that stands for a text, or for two, in roll-ups: 1 to 2^63 - 1,
 * cut from SHA-256, so that nobody finds a text that is taken for a given
 * other. */
int64_t wxs_item_id(const char *text, size_t len, const char *more,
                    size_t more_len);

#endif
