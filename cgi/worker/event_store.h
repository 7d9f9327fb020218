#ifndef WXS_WORKER_EVENT_STORE_H
#define WXS_WORKER_EVENT_STORE_H

#include "../../core/journal.h"
#include "db.h"

#define WXS_DAY_KEY_SIZE 32

/* Turns journal events into rows of events.db. For one thread. */
typedef struct {
    wxs_db *events;  /* for writing */
    wxs_db *control; /* for reading */
    char day[11];    /* YYYY-MM-DD of day_key, "" = none */
    uint8_t day_key[WXS_DAY_KEY_SIZE];
    struct {
        uint32_t domain;
        int64_t account;
    } accounts[4096]; /* of domains lately seen, by number modulo size */
    char link[3 * WXS_URL_MAX];
    char agent[3 * WXS_EVENT_AGENT_MAX];
} wxs_event_store;

/* Sees to it that today's key is there and those of other days are gone; to be
 * called often, outside a transaction. */
bool wxs_event_store_day(wxs_event_store *store, wxs_error *error);

/* Inserts the row; inside a transaction of the caller. What a mode does not
 * allow to be kept is left out, whatever the journal has. */
bool wxs_event_store_put(wxs_event_store *store, const wxs_event *event,
                         wxs_error *error);

/* Copies len bytes to out, which has room for 3 * len, with U+FFFD for each
 * byte that is not part of a UTF-8 character, and for NUL. Returns the length
 * written. */
size_t wxs_event_text(const char *text, size_t len, char *out);

#endif
