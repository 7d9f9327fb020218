#ifndef WXS_CLASSIFY_RECENT_H
#define WXS_CLASSIFY_RECENT_H

#include "neighbours.h"

/* The last events that have a message, found by it. Its size is fixed: whatever
 * comes in, the oldest go, and looking up costs at most WXS_RECENT_STEPS. */

#define WXS_RECENT_SLOTS (UINT32_C(1) << 18)
#define WXS_RECENT_HEADS (2 * WXS_RECENT_SLOTS)
#define WXS_RECENT_STEPS 32
#define WXS_MESSAGE_SIZE 16

typedef struct {
    wxs_neighbour neighbour;
    int64_t id; /* of the event */
    uint8_t message[WXS_MESSAGE_SIZE];
    uint32_t previous; /* place of the one before with this hash; 0 = none */
} wxs_recent_event;

typedef struct {
    uint64_t key[2]; /* random: nobody can choose which messages meet */
    uint32_t place; /* of the newest event, from 1; its slot is the remainder */
    struct {
        uint32_t place;  /* of the newest event with this hash; 0 = none */
        uint32_t time_s; /* of it: where that is long ago no slot is touched */
    } * heads;
    wxs_recent_event *slots;
} wxs_recent;

/* False: there is no memory or randomness. To be freed with
 * wxs_recent_free(). */
bool wxs_recent_init(wxs_recent *recent);

/* Adds an event; returns where it lies now. */
wxs_recent_event *wxs_recent_add(wxs_recent *recent, int64_t id,
                                 const uint8_t message[WXS_MESSAGE_SIZE],
                                 const wxs_neighbour *neighbour);

/* Finds the events of newest's message before it, the newest first; at most
 * WXS_NEIGHBOURS_MAX - 1 go into others. */
size_t wxs_recent_others(const wxs_recent *recent,
                         const wxs_recent_event *newest,
                         wxs_recent_event *others[WXS_NEIGHBOURS_MAX]);

/* As if none had been added. */
void wxs_recent_clear(wxs_recent *recent);

void wxs_recent_free(wxs_recent *recent);

#endif
