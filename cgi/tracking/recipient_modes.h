#ifndef WXS_TRACKING_RECIPIENT_MODES_H
#define WXS_TRACKING_RECIPIENT_MODES_H

#include "db.h"
#include "mode.h"
#include "recipient.h"

#include <jansson.h>

/* Ceilings of recipients: what one of them consented to, whatever the domain
 * and the message say. */

/* Lowers *mode to the strictest ceiling of the recipients, which are as in the
 * To of a message ("A <a@b.example>"), several in one string too. */
bool wxs_recipient_modes_apply(wxs_db *control, int64_t account,
                               const json_t *to, wxs_mode *mode,
                               wxs_error *error);

/* 1 found, 0 not, -1 error filled. */
int wxs_recipient_mode_get(wxs_db *control, int64_t account,
                           const char *address, wxs_mode *mode,
                           wxs_error *error);

/* A statement over the recipients with a ceiling, columns address and mode,
 * from the given one on ("" = the first): upwards, or downwards if before.
 * limit -1 = all of them. NULL with error filled. */
sqlite3_stmt *wxs_recipient_modes_walk(wxs_db *control, int64_t account,
                                       const char *from, bool before,
                                       int64_t limit, wxs_error *error);

/* In a write transaction of the caller; delete says how many there were. */
bool wxs_recipient_mode_set(wxs_db *control, int64_t account,
                            const char *address, wxs_mode mode,
                            wxs_error *error);
bool wxs_recipient_mode_delete(wxs_db *control, int64_t account,
                               const char *address, int *deleted,
                               wxs_error *error);

#endif
