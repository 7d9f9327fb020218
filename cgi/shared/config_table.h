#ifndef WXS_SHARED_CONFIG_TABLE_H
#define WXS_SHARED_CONFIG_TABLE_H

#include <stddef.h>

#include "config_value.h"

/* The settings that there are, for config.c: what each is called, what it is
 * without being given, and how it is read into the configuration. */

typedef struct {
    const char *section;
    const char *key;
    const char *standard; /* value if none is given; NULL: found out */
    wxs_value_parser *parse;
    size_t offset; /* in wxs_config */
    wxs_value_bounds bounds;
    const char *allowed; /* in words, for the message about a wrong value */
} wxs_setting;

extern const wxs_setting wxs_settings[];
extern const size_t wxs_settings_count;

#endif
