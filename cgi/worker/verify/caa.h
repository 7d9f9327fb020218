#ifndef WXS_VERIFY_CAA_H
#define WXS_VERIFY_CAA_H

#include "world.h"

/* May the certification authority issue for a host? RFC 8659. */

#define WXS_CAA_PRESENT_MAX 8
#define WXS_CAA_TEXT        200

typedef enum {
    WXS_CAA_UNKNOWN,
    WXS_CAA_ALLOWED,
    WXS_CAA_FORBIDDEN,
} wxs_caa_result;

typedef struct {
    wxs_caa_result result;
    const char *authority; /* that it is about; NULL: nobody asked */
    char at[256];      /* the name whose records decide, "" if there are none */
    char message[400]; /* a sentence */
    char fix[400];     /* "" if there is nothing to do */
    /* all records there as zone files have them, so that one more can be told
     * beside them; 0 if there are too many, or unusual characters in them */
    char present[WXS_CAA_PRESENT_MAX][WXS_CAA_TEXT];
    size_t presents;
} wxs_caa_verdict;

/* Climbs from host to the first name with CAA records and judges them for the
 * authority ca ("letsencrypt.org"), which checks by HTTP. */
void wxs_caa_judge(wxs_world *world, const char *host, const char *ca,
                   wxs_caa_verdict *verdict);

/* The name in CAA records of the authority behind an ACME directory's URL;
 * NULL if it is not known. */
const char *wxs_caa_authority(const char *directory);

const char *wxs_caa_name(wxs_caa_result result); /* "allowed" */

#endif
