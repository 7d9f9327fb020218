#include "recent.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "siphash.h"

/* Events come in about the order of their times. */
#define LONG_AGO_S (2 * WXS_NEIGHBOUR_SPAN / 1000)

bool
wxs_recent_init(wxs_recent *recent)
{
    *recent = (wxs_recent){0};
    /* pages that are never used cost nothing */
    recent->heads = calloc(WXS_RECENT_HEADS, sizeof *recent->heads);
    recent->slots = calloc(WXS_RECENT_SLOTS, sizeof *recent->slots);
    if (recent->heads != NULL && recent->slots != NULL &&
        getrandom(recent->key, sizeof recent->key, 0) == sizeof recent->key)
        return true;
    wxs_recent_free(recent);
    return false;
}

/* Has the slot of this place not been used again? Places go round after four
 * thousand million events; one that is taken for older than it is shows by its
 * message and time. */
static bool
is_held(const wxs_recent *recent, uint32_t place)
{
    return place != 0 && recent->place - place < WXS_RECENT_SLOTS;
}

wxs_recent_event *
wxs_recent_add(wxs_recent *recent, int64_t id,
               const uint8_t message[WXS_MESSAGE_SIZE],
               const wxs_neighbour *neighbour)
{
    size_t head =
        wxs_siphash(recent->key, message, WXS_MESSAGE_SIZE) % WXS_RECENT_HEADS;
    uint32_t before = recent->heads[head].place;
    uint32_t now_s = (uint32_t)(neighbour->time_ms / 1000);
    int32_t ago_s = (int32_t)(now_s - recent->heads[head].time_s);
    wxs_recent_event *slot;

    if (++recent->place == 0)
        recent->place = 1;
    slot = &recent->slots[recent->place % WXS_RECENT_SLOTS];
    slot->neighbour = *neighbour;
    slot->id = id;
    memcpy(slot->message, message, WXS_MESSAGE_SIZE);
    slot->previous =
        is_held(recent, before) && ago_s <= LONG_AGO_S ? before : 0;
    recent->heads[head].place = recent->place;
    recent->heads[head].time_s = now_s;
    return slot;
}

size_t
wxs_recent_others(const wxs_recent *recent, const wxs_recent_event *newest,
                  wxs_recent_event *others[WXS_NEIGHBOURS_MAX])
{
    uint32_t place = newest->previous;
    size_t count = 0;

    for (int i = 0; i < WXS_RECENT_STEPS && is_held(recent, place) &&
                    count < WXS_NEIGHBOURS_MAX - 1;
         i++) {
        wxs_recent_event *slot = &recent->slots[place % WXS_RECENT_SLOTS];

        if (memcmp(slot->message, newest->message, WXS_MESSAGE_SIZE) == 0)
            others[count++] = slot;
        place = slot->previous;
    }
    return count;
}

void
wxs_recent_clear(wxs_recent *recent)
{
    memset(recent->heads, 0, WXS_RECENT_HEADS * sizeof *recent->heads);
    recent->place = 0;
}

void
wxs_recent_free(wxs_recent *recent)
{
    free(recent->heads);
    free(recent->slots);
    *recent = (wxs_recent){0};
}
