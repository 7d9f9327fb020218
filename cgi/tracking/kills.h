#ifndef WXS_TRACKING_KILLS_H
#define WXS_TRACKING_KILLS_H

#include "service.h"

/* POST /links/{id}/kill, /messages/{id}/kill and /domains/{id}/kill, and the
 * same with unkill. */
wxs_handler wxs_kills_link, wxs_kills_unlink;
wxs_handler wxs_kills_message, wxs_kills_unmessage;
wxs_handler wxs_kills_domain, wxs_kills_undomain;

#endif
