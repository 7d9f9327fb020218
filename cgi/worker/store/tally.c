#include "tally.h"

#include <stdlib.h>
#include <string.h>

#define PLACES_MIN 1024

static size_t
hash(const wxs_tally_key *key)
{
    const uint64_t factor = UINT64_C(0x9e3779b97f4a7c15);
    uint64_t h = (uint64_t)key->account;

    h = (h * factor) ^ (uint64_t)key->domain;
    h = (h * factor) ^ (uint64_t)key->span;
    h = (h * factor) ^ (uint64_t)key->item;
    h = (h * factor) ^ (uint64_t)key->type;
    h *= factor;
    return (size_t)(h >> 20);
}

static bool
is_same(const wxs_tally_key *a, const wxs_tally_key *b)
{
    return a->account == b->account && a->domain == b->domain &&
           a->span == b->span && a->item == b->item && a->type == b->type;
}

static void
put_in_place(wxs_tallies *tallies, size_t i)
{
    size_t mask = tallies->places - 1;
    size_t place = hash(&tallies->tally[i].key) & mask;

    while (tallies->place[place] != 0)
        place = (place + 1) & mask;
    tallies->place[place] = (uint32_t)i + 1;
}

/* Half of the places stay free. */
static bool
make_room(wxs_tallies *tallies)
{
    size_t places = tallies->places == 0 ? PLACES_MIN : 2 * tallies->places;
    wxs_tally *tally;
    uint32_t *place;

    if (2 * (tallies->count + 1) <= tallies->places)
        return true;
    tally = realloc(tallies->tally, places / 2 * sizeof *tally);
    if (tally == NULL)
        return false;
    tallies->tally = tally;
    place = calloc(places, sizeof *place);
    if (place == NULL)
        return false;
    free(tallies->place);
    tallies->place = place;
    tallies->places = places;
    for (size_t i = 0; i < tallies->count; i++)
        put_in_place(tallies, i);
    return true;
}

size_t
wxs_tallies_find(wxs_tallies *tallies, const wxs_tally_key *key)
{
    size_t mask, place;

    if (!make_room(tallies))
        return SIZE_MAX;
    mask = tallies->places - 1;
    place = hash(key) & mask;
    while (tallies->place[place] != 0) {
        size_t i = tallies->place[place] - 1;

        if (is_same(&tallies->tally[i].key, key))
            return i;
        place = (place + 1) & mask;
    }
    tallies->tally[tallies->count] = (wxs_tally){.key = *key};
    tallies->place[place] = (uint32_t)++tallies->count;
    return tallies->count - 1;
}

void
wxs_tally_add(wxs_tally *tally, wxs_verdict verdict)
{
    tally->total++;
    tally->human += verdict == WXS_VERDICT_HUMAN;
    tally->proxy += verdict == WXS_VERDICT_PROXY;
    tally->machine += verdict == WXS_VERDICT_MACHINE;
}

static int
compare(const void *a, const void *b)
{
    const wxs_tally_key *x = &((const wxs_tally *)a)->key;
    const wxs_tally_key *y = &((const wxs_tally *)b)->key;
    const int64_t pairs[][2] = {{x->account, y->account},
                                {x->domain, y->domain},
                                {x->span, y->span},
                                {x->item, y->item},
                                {x->type, y->type}};

    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        if (pairs[i][0] != pairs[i][1])
            return pairs[i][0] < pairs[i][1] ? -1 : 1;
    }
    return 0;
}

void
wxs_tallies_sort(wxs_tallies *tallies)
{
    if (tallies->count > 0)
        qsort(tallies->tally, tallies->count, sizeof tallies->tally[0],
              compare);
}

void
wxs_tallies_clear(wxs_tallies *tallies)
{
    tallies->count = 0;
    if (tallies->place != NULL)
        memset(tallies->place, 0, tallies->places * sizeof *tallies->place);
}

void
wxs_tallies_free(wxs_tallies *tallies)
{
    free(tallies->tally);
    free(tallies->place);
    *tallies = (wxs_tallies){0};
}
