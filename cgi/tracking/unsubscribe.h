#ifndef WXS_TRACKING_UNSUBSCRIBE_H
#define WXS_TRACKING_UNSUBSCRIBE_H

#include "message.h"

#define WXS_ONE_CLICK "List-Unsubscribe=One-Click"

/* One-click unsubscribing (RFC 2369, RFC 8058): a link of the message's own,
 * /u/<token>, and the headers that mail clients show as a button. */

/* Is such a link to be minted? It does not depend on tracking, but on a
 * tracking host; without one there is a warning. */
bool wxs_unsubscribe_wanted(const wxs_message *message);

/* Mints it into message->unsubscribe; the minter must be ready. */
wxs_status wxs_unsubscribe_mint(wxs_message *message, wxs_error *error);

/* Settles message->list from what the request asks and what was minted. */
void wxs_unsubscribe_list(wxs_message *message);

/* The headers as lines that end in "\n", for a raw message; "" = none. The
 * result is malloc()ed, NULL without memory. */
char *wxs_unsubscribe_lines(const wxs_message *message);

#endif
