#ifndef WXS_PROBE_JUDGE_H
#define WXS_PROBE_JUDGE_H

#include <jansson.h>

#include "../fetch.h"

/* What a look at a tracking host brought. */
typedef struct {
    const char *host;
    const char *region; /* the domain's */
    const char *target; /* the region's tracking target: the origin of a CDN */
    wxs_fetch_result https[2]; /* GET https://host/favicon.ico, twice */
    wxs_fetch_result http;     /* GET http://host/favicon.ico */
    wxs_fetch_result link;     /* GET https://host/o/… of no message: an image
                                  under a tracking host, 404 elsewhere */
    bool is_served;            /* nginx knows the host */
    enum {
        WXS_PROBE_NOT_ASKED, /* https does not work, or nothing to ask with */
        WXS_PROBE_OURS,
        WXS_PROBE_FOREIGN, /* another installation answers */
    } origin;
} wxs_probe;

/* Says what is wrong: an array of {"code","severity","message","fix"}, empty if
 * nothing is. A pure function. NULL if memory is out. */
json_t *wxs_probe_judge(const wxs_probe *probe);

#endif
