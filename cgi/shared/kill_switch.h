#ifndef WXS_SHARED_KILL_SWITCH_H
#define WXS_SHARED_KILL_SWITCH_H

#include "../../core/token.h"
#include "db.h"

/* The kill switch in control.db: what is killed answers 410 as soon as the
 * lookup table has taken the change in (in_effect.h), and works again when it
 * is revived. All of these run in a write transaction of the caller;
 * *changed is false if it was so already, or if there is no such thing. */

/* A table link, by its id. */
bool wxs_kill_link(wxs_db *control, int64_t id, bool kill, bool *changed,
                   wxs_error *error);

/* All links of a domain, by its number. */
bool wxs_kill_domain(wxs_db *control, int64_t number, bool kill, bool *changed,
                     wxs_error *error);

/* All links that carry the message id and are of the domain with this number,
 * 0 = of any. Revived are those of any domain. */
bool wxs_kill_message(wxs_db *control, const uint8_t id[WXS_MESSAGE_ID_SIZE],
                      int64_t domain, bool kill, bool *changed,
                      wxs_error *error);

#endif
