#ifndef WXS_STORE_CLOSING_H
#define WXS_STORE_CLOSING_H

#include <stddef.h>
#include <stdint.h>

/* When labels cease to change. The collector alone changes labels, so it alone
 * decides up to which event it will not do so any more, and tells the
 * finalizer, which counts events up to there. Nothing has to be locked for
 * that: what the collector has told it has committed before, and it leaves
 * alone after.
 *
 * Events are held from the time of their collection, so that those of a late
 * journal are looked at as long as all others. */

#define WXS_CLOSING_MARKS 512

/* Of the collector. */
typedef struct {
    int64_t hold_ms;
    struct {
        int64_t begun_ms; /* monotonic, when the first of them was collected */
        int64_t last_id;
    } mark[WXS_CLOSING_MARKS]; /* a ring */
    size_t first;
    size_t count;
    int64_t last_id; /* of the newest mark */
} wxs_closing;

/* last_id: of the events there are; they are held from now on. */
void wxs_closing_begin(wxs_closing *closing, int64_t hold_ms, int64_t last_id,
                       int64_t now_ms);

/* Events up to this one are committed. */
void wxs_closing_add(wxs_closing *closing, int64_t last_id, int64_t now_ms);

/* Up to which event the hold is over, of those up to synced_id; 0 if there are
 * none to add. */
int64_t wxs_closing_due(wxs_closing *closing, int64_t now_ms,
                        int64_t synced_id);

/* What the collector tells and the finalizer hears, in one process; 0 at first.
 * It never goes back. */
void wxs_closed_tell(int64_t id);
int64_t wxs_closed_hear(void);

#endif
