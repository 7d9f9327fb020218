#ifndef WXS_TRACKING_OPT_OUT_H
#define WXS_TRACKING_OPT_OUT_H

#include <stdbool.h>
#include <stddef.h>

/* Does this attribute of a link ask for the link to be left alone? Ours
 * (data-waxseal="off") and those that templates written for other senders
 * carry; docs/messages.md lists them. */
bool wxs_opt_out(const char *name, size_t name_len, const char *value,
                 size_t value_len);

#endif
