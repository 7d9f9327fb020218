#ifndef WXS_VERIFY_STORE_ZONE_H
#define WXS_VERIFY_STORE_ZONE_H

#include "store.h"

/* Notes the zone that the domain's records are entered in and its DNS provider,
 * if the check found the zone. Inside a write transaction. */
bool wxs_store_zone(wxs_db *db, const wxs_job *job,
                    const wxs_check_result *results, wxs_error *error);

#endif
