#ifndef WXS_SHARED_TABLE_KILLED_H
#define WXS_SHARED_TABLE_KILLED_H

#include "../../core/table_write.h"
#include "db.h"

/* Killed messages of the lookup table as control.db has them at present; they
 * return what the functions of table_entry.h do. */

/* Puts the message if it is killed, or removes it if it is not. */
wxs_status wxs_table_killed_message(wxs_table_writer *writer, wxs_db *control,
                                    const uint8_t message[WXS_MESSAGE_ID_SIZE],
                                    wxs_error *error);

/* Puts every killed message. */
wxs_status wxs_table_killed_messages(wxs_table_writer *writer, wxs_db *control,
                                     wxs_error *error);

#endif
