#ifndef WXS_TRACKING_RECIPIENTS_H
#define WXS_TRACKING_RECIPIENTS_H

#include "service.h"

/* Ceilings of recipients: GET /recipients; GET, PUT and DELETE
 * /recipients/{address}. */
wxs_handler wxs_recipients_list;
wxs_handler wxs_recipients_get, wxs_recipients_put, wxs_recipients_delete;

#endif
