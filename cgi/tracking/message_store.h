#ifndef WXS_TRACKING_MESSAGE_STORE_H
#define WXS_TRACKING_MESSAGE_STORE_H

#include "message_request.h"
#include "tracking_domain.h"

/* Stores what events.db keeps of a message: everything but its body. Durable
 * when it returns true. */
bool wxs_message_store(const uint8_t id[WXS_MESSAGE_ID_SIZE], int64_t account,
                       const wxs_tracking_domain *domain,
                       const wxs_message_request *message, wxs_error *error);

#endif
