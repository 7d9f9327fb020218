#ifndef WXS_STORE_TEXTS_H
#define WXS_STORE_TEXTS_H

#include <stddef.h>

#include "db.h"

#define WXS_TEXTS_KEPT 32768 /* a power of two */

/* The texts of the newest partition that were lately stored, to store them once
 * and not with each event. Told apart by a hash with a random key: nobody can
 * make up a text that is taken for another. */
typedef struct {
    uint64_t key[2];
    int64_t next_id;
    struct {
        uint64_t hash;
        int64_t id; /* 0 = nothing */
    } kept[WXS_TEXTS_KEPT];
} wxs_texts;

/* Forgets all: to be called first, for another partition, and whenever somebody
 * else has changed the partition or a transaction was not committed. */
bool wxs_texts_begin(wxs_texts *texts, wxs_db *part, wxs_error *error);

/* The id of the text, which is inserted if it is not among those; inside a
 * transaction. */
bool wxs_texts_id(wxs_texts *texts, wxs_db *part, const char *text, size_t len,
                  int64_t *id, wxs_error *error);

#endif
