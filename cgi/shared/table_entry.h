#ifndef WXS_SHARED_TABLE_ENTRY_H
#define WXS_SHARED_TABLE_ENTRY_H

#include "../../core/table_write.h"
#include "db.h"
#include "seal.h"

/* Entries of the lookup table as control.db has them at present. Doing one of
 * these twice does no harm, so that a change may be repeated.
 *
 * They return WXS_OK; WXS_FULL and WXS_BAD_FORMAT when the table must be built
 * anew, larger or because it is damaged; or another status that may go away
 * (database, disk, key). Each but WXS_OK has error filled. A value that the
 * table can never hold is logged and left out: it must not stop the ones behind
 * it. */

/* Puts the host with its verified domains, the newest first, or removes it if
 * it has none. A domain without a link secret is an error. */
wxs_status wxs_table_entry_host(wxs_table_writer *writer, wxs_db *control,
                                const wxs_seal_key *link_key, const char *host,
                                wxs_error *error);

/* Puts the table link, or removes it if control.db has it no more. */
wxs_status wxs_table_entry_link(wxs_table_writer *writer, wxs_db *control,
                                int64_t link, wxs_error *error);

/* Puts every table link. After each calls step with data. */
wxs_status wxs_table_entry_links(wxs_table_writer *writer, wxs_db *control,
                                 void (*step)(void *data), void *data,
                                 wxs_error *error);

#endif
