#ifndef WXS_DELIVER_EMAIL_PAYLOAD_H
#define WXS_DELIVER_EMAIL_PAYLOAD_H

#include "db.h"

/* email.opened and email.clicked, from rows of events.db. */

/* What wxs_email_payload() reads of a row of events e that is joined to
 * messages m; the first four are for its caller. */
#define WXS_EMAIL_COLUMNS                                                      \
    "e.id, e.account, e.type, e.at, e.message, e.domain, e.link, e.address, "  \
    "e.agent, e.verdict, e.reason, m.created_at, m.sender, m.recipients, "     \
    "m.subject, m.tags"

/* The type of webhook that the event is told by, NULL if by none: it is no open
 * or click, or was counted without the message it belongs to. */
const char *wxs_email_type(sqlite3_stmt *row);

/* The body: {"type":…,"created_at":…,"data":{…}}. domain is the name of the
 * sending domain, for the message id. What is not known of the message is
 * empty, never absent: clients rely on it. NULL without memory. */
char *wxs_email_payload(sqlite3_stmt *row, const char *domain);

#endif
