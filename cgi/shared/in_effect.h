#ifndef WXS_SHARED_IN_EFFECT_H
#define WXS_SHARED_IN_EFFECT_H

#include "db.h"

/* Waits, for some seconds at most, until DIR/table.wxt has every change that
 * control.db has at the time of the call. *reached is false if it has not,
 * which means that no worker is at work. */
bool wxs_in_effect(wxs_db *control, const char *dir, bool *reached,
                   wxs_error *error);

#endif
