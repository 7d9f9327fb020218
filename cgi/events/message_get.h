#ifndef WXS_EVENTS_MESSAGE_GET_H
#define WXS_EVENTS_MESSAGE_GET_H

#include "service.h"

/* GET /messages/{id}: what is known of a message, and what its events come
 * to. */
wxs_handler wxs_message_get;

#endif
