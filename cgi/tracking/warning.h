#ifndef WXS_TRACKING_WARNING_H
#define WXS_TRACKING_WARNING_H

#include <jansson.h>

/* Adds a sentence to a message's warnings. */
void wxs_warn(json_t *warnings, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
