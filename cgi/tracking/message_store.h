#ifndef WXS_TRACKING_MESSAGE_STORE_H
#define WXS_TRACKING_MESSAGE_STORE_H

#include "message.h"

/* Stores what events.db keeps of a message: that it exists; sender, recipients,
 * subject and tags if its metadata is kept; names and tags of its links.
 * Durable when it returns true. */
bool wxs_message_store(const wxs_message *message, int64_t account,
                       wxs_error *error);

/* The same inside a transaction of events.db that the caller commits. */
bool wxs_message_insert(wxs_db *db, const wxs_message *message, int64_t account,
                        wxs_error *error);

#endif
