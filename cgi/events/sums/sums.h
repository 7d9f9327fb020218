#ifndef WXS_EVENTS_SUMS_H
#define WXS_EVENTS_SUMS_H

#include "service.h"

/* GET /events/links: clicks of a domain by destination. */
wxs_handler wxs_link_sums;

/* GET /events/tags: opens and clicks of a domain by the messages' tags. */
wxs_handler wxs_tag_sums;

#endif
