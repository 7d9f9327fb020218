#ifndef WXS_WAXSEAL_READY_H
#define WXS_WAXSEAL_READY_H

#include "address.h"
#include "auth.h"
#include "config.h"

/* What is told the operator once everything answers. */
typedef struct {
    const wxs_config *config;
    wxs_address api, edge, edge_tls; /* as this machine reaches them */
    char api_key[WXS_API_KEY_TEXT];  /* "" unless it is new */
    int64_t since;                   /* start, monotonic ms */
    bool is_late;                    /* that it takes long has been logged */
} wxs_ready;

/* Fills all but api_key; config must outlive it. */
bool wxs_ready_prepare(wxs_ready *ready, const wxs_config *config,
                       wxs_error *error);

/* Do the API, through its program, and the tracking hosts answer? When they do,
 * prints addresses, state directory and where the API key is (a new key itself,
 * which is then wiped) on standard output. Takes less than a second. */
bool wxs_ready_check(wxs_ready *ready);

#endif
