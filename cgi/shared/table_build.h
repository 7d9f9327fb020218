#ifndef WXS_SHARED_TABLE_BUILD_H
#define WXS_SHARED_TABLE_BUILD_H

#include "../../core/table_write.h"
#include "config.h"
#include "db.h"
#include "seal.h"

/* Told now and then how many of the entries are in the new table. */
typedef void wxs_table_progress(uint64_t done, uint64_t total);

/* Builds DIR/table.wxt anew from control.db and publishes it: what
 * `waxseal table build` does. Link secrets that are missing are made. The
 * former table stays in service until the new one is whole, and for good if the
 * building fails. progress may be NULL. */
bool wxs_table_build(const wxs_config *config, wxs_table_progress *progress,
                     wxs_error *error);

/* The same on an open connection for writing; *writer stays open on the
 * published table and is the caller's to close. */
bool wxs_table_rebuild(wxs_db *control, const wxs_seal_key *link_key,
                       const char *path, wxs_table_progress *progress,
                       wxs_table_writer **writer, wxs_error *error);

/* Why the file of a table could not be opened, made or published; right after
 * the failure, since it looks at errno. */
const char *wxs_table_reason(wxs_status status);

/* The number of the newest change that control.db ever had, 0 = none. */
bool wxs_table_newest_change(wxs_db *control, uint64_t *sequence,
                             wxs_error *error);

#endif
