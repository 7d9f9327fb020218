#ifndef WXS_WORKER_FORGET_H
#define WXS_WORKER_FORGET_H

#include "db.h"

/* Forgets sender, recipients, subject and tags of messages that were made
 * before this time (microseconds since 1970), at most batch of them in one
 * transaction; *forgotten says how many. */
bool wxs_forget_metadata(wxs_db *events, int64_t before, int batch,
                         int *forgotten, wxs_error *error);

#endif
