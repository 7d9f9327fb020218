#ifndef WXS_TRACKING_MESSAGES_H
#define WXS_TRACKING_MESSAGES_H

#include "service.h"

/* POST /messages (docs/messages.md). */
void wxs_messages_create(wxs_context *context, const wxs_request *request,
                         wxs_response *response);

#endif
