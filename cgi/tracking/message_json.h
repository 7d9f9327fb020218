#ifndef WXS_TRACKING_MESSAGE_JSON_H
#define WXS_TRACKING_MESSAGE_JSON_H

#include "message.h"

/* What POST /messages answers. The caller owns it; NULL without memory. */
json_t *wxs_message_json(const wxs_message *message);

#endif
