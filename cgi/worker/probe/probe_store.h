#ifndef WXS_PROBE_STORE_H
#define WXS_PROBE_STORE_H

#include "db.h"

/* tracking_checks of control.db: looks at tracking hosts that were asked for.
 */

typedef struct {
    int64_t domain;
    char host[254];
    char region[32];
    bool is_served; /* nginx knows the host */
} wxs_probe_job;

/* Checks that were under way when the process ended are made anew. */
bool wxs_probe_resume(wxs_db *db, wxs_error *error);

/* Takes the check that has waited the longest; *taken tells. In a transaction
 * of its own. */
bool wxs_probe_take(wxs_db *db, int64_t now, wxs_probe_job *job, bool *taken,
                    wxs_error *error);

/* Writes down what came of it, as JSON, and whether it proved that the host
 * leads here: where its record leads to a CDN, that is the record's proof. In a
 * transaction of its own. */
bool wxs_probe_end(wxs_db *db, const wxs_probe_job *job, const char *result,
                   bool proved, int64_t now, wxs_error *error);

#endif
