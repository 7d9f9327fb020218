#ifndef WXS_WORKER_KEYS_RETIRE_H
#define WXS_WORKER_KEYS_RETIRE_H

#include "db.h"

/* Retires the DKIM keys that have been retiring since before this time
 * (microseconds): their private halves are wiped and their records are no
 * longer asked for. One transaction. */
bool wxs_keys_retire(wxs_db *control, int64_t before, wxs_error *error);

#endif
