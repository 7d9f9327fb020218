#ifndef WXS_DELIVER_EMAIL_PAYLOAD_H
#define WXS_DELIVER_EMAIL_PAYLOAD_H

#include "event_parts.h"

/* email.opened and email.clicked, from events. */

/* The type of webhook that the event is told by, NULL if by none: it is no open
 * or click, or was counted without the message it belongs to. */
const char *wxs_email_type(const wxs_event_row *event);

/* What wxs_email_payload() reads of a row of messages; ?3 is the index of the
 * link. */
#define WXS_EMAIL_COLUMNS                                                      \
    "created_at, sender, recipients, subject, tags, "                          \
    "(SELECT name FROM message_links AS l WHERE l.message = messages.id "      \
    "AND l.link_index = ?3), "                                                 \
    "(SELECT tags FROM message_links AS l WHERE l.message = messages.id "      \
    "AND l.link_index = ?3)"

/* The body: {"type":…,"created_at":…,"data":{…}}. message is at the message of
 * the event, or has no row if nothing is known of it. domain is the name of the
 * sending domain, for the message id. What is not known of the message is
 * empty, never absent: clients rely on it. The caller frees it; NULL without
 * memory. */
char *wxs_email_payload(const wxs_event_row *event, sqlite3_stmt *message,
                        const char *domain);

#endif
