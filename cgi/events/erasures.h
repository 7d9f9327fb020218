#ifndef WXS_EVENTS_ERASURES_H
#define WXS_EVENTS_ERASURES_H

#include "service.h"

/* POST /erasures: asks the worker to erase what is stored of a message, or of
 * all messages that were sent to an address. GET /erasures/{id}: how far. */
wxs_handler wxs_erasures_create;
wxs_handler wxs_erasures_get;

#endif
