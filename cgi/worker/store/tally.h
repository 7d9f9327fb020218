#ifndef WXS_STORE_TALLY_H
#define WXS_STORE_TALLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "event_parts.h"

/* Sums of events by what they have in common: what one transaction adds to a
 * table of roll-ups. */

typedef struct {
    int64_t account;
    int64_t domain;
    int64_t span; /* hour or day since 1970 */
    int64_t item; /* link or tag, 0 = none */
    int64_t type;
} wxs_tally_key;

typedef struct {
    wxs_tally_key key;
    int64_t total;
    int64_t human;
    int64_t proxy;
    int64_t machine;
    int64_t uniques;
    int64_t unique_humans;
    union {
        int64_t text;              /* of a link: its id in the partition */
        const struct wxs_tag *tag; /* of a tag */
    } of;
} wxs_tally;

typedef struct {
    wxs_tally *tally; /* in order of appearance */
    size_t count;
    uint32_t *place; /* hash table of indexes + 1 */
    size_t places;   /* a power of two */
} wxs_tallies;

/* The index of the key's sums, made if they are new; SIZE_MAX without memory.
 */
size_t wxs_tallies_find(wxs_tallies *tallies, const wxs_tally_key *key);

/* Adds one event. */
void wxs_tally_add(wxs_tally *tally, wxs_verdict verdict);

/* In order of the keys, fields in their order; nothing can be found after. */
void wxs_tallies_sort(wxs_tallies *tallies);

void wxs_tallies_clear(wxs_tallies *tallies); /* keeps the memory */
void wxs_tallies_free(wxs_tallies *tallies);

#endif
