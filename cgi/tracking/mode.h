#ifndef WXS_TRACKING_MODE_H
#define WXS_TRACKING_MODE_H

#include <stdbool.h>

#include "../../core/token.h"

/* The words of the API: off, anonymous, pseudonymous, full. */
const char *wxs_mode_name(wxs_mode mode);

/* False if it is none of them, or NULL. */
bool wxs_mode_read(const char *name, wxs_mode *mode);

#endif
