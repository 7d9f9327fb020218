#ifndef WXS_WORKER_EVENT_STORE_H
#define WXS_WORKER_EVENT_STORE_H

#include "../../core/destination.h"
#include "../../core/journal.h"
#include "classify/classifier.h"
#include "store/partition.h"
#include "store/texts.h"

#define WXS_DAY_KEY_SIZE 32

_Static_assert(3 * WXS_URL_MAX <= WXS_DESTINATION_MAX,
               "room for wxs_event_text");

/* What is kept of an event. The texts are the store's, until it keeps another
 * event. */
typedef struct {
    const char
        *link; /* the destination, of clicks; NULL: none, or it is gone */
    size_t link_len;
    const char *agent; /* NULL: none */
    size_t agent_len;
    uint8_t address[16];
    size_t address_len; /* 16, 8 (keyed hash) or 0 */
} wxs_event_kept;

/* Turns journal events into rows of the newest partition. For one thread. */
typedef struct {
    wxs_db *events;  /* for writing: keys of days */
    wxs_db *control; /* for reading */
    wxs_partition part;
    wxs_texts texts;   /* of part */
    int64_t version;   /* of part, when texts was last right */
    wxs_db *former;    /* the partition before, NULL unless it was needed */
    int64_t former_id; /* its first id */
    int64_t closed_id; /* labels up to this event do not change any more */
    char day[11];      /* YYYY-MM-DD of day_key, "" = none */
    uint8_t day_key[WXS_DAY_KEY_SIZE];
    struct {
        uint32_t domain;
        int64_t account;
    } accounts[4096]; /* of domains lately seen, by number modulo size */
    char link[WXS_DESTINATION_MAX];
    char agent[3 * WXS_EVENT_AGENT_MAX];
} wxs_event_store;

/* Sees to it that today's key is there and those of other days are gone; to be
 * called often, outside a transaction. */
bool wxs_event_store_day(wxs_event_store *store, wxs_error *error);

/* Opens the newest partition, the first time and after any error. */
bool wxs_event_store_open(wxs_event_store *store, const char *dir,
                          wxs_error *error);
void wxs_event_store_close(wxs_event_store *store);

/* Goes over to a new partition when that is due; outside a transaction. */
bool wxs_event_store_switch(wxs_event_store *store, int64_t events, int64_t ms,
                            wxs_error *error);

/* The transaction that events are put in. After an error of it, or between its
 * beginning and its end, the store is opened again. */
bool wxs_event_store_begin(wxs_event_store *store, wxs_error *error);
bool wxs_event_store_commit(wxs_event_store *store, wxs_error *error);

/* Finds out what is kept: what a mode does not allow to be kept is left out,
 * whatever the journal has. */
bool wxs_event_store_keep(wxs_event_store *store, const wxs_event *event,
                          wxs_event_kept *kept, wxs_error *error);

/* Inserts the row, whose id is store->part.next_id before; inside the
 * transaction. */
bool wxs_event_store_put(wxs_event_store *store, const wxs_event *event,
                         const wxs_event_kept *kept,
                         const wxs_classification *label, wxs_error *error);

/* Changes the judgement of an event that is in the newest partition or the one
 * before; inside the transaction, which only covers the newest: killed before
 * its end, an event of the other may have its new one while those collected
 * with it are collected again. Events that are closed or gone are left as they
 * are. */
bool wxs_event_store_relabel(wxs_event_store *store, int64_t id,
                             wxs_judgement judgement, wxs_error *error);

/* Copies len bytes to out, which has room for 3 * len, with U+FFFD for each
 * byte that is not part of a UTF-8 character, and for NUL. Returns the length
 * written. */
size_t wxs_event_text(const char *text, size_t len, char *out);

#endif
