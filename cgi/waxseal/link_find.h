#ifndef WXS_WAXSEAL_LINK_FIND_H
#define WXS_WAXSEAL_LINK_FIND_H

#include "db.h"

/* The id of a table link from what an operator gives: the id itself in decimal
 * digits, or the whole link as it is in a mail. A link must be genuine (its MAC
 * is checked with DIR/link.key), so that nobody can be talked into killing
 * another one. A signed link has no id: the error says which message to kill
 * instead. */
bool wxs_link_find(wxs_db *control, const char *dir, const char *what,
                   int64_t *id, wxs_error *error);

#endif
