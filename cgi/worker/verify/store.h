#ifndef WXS_VERIFY_STORE_H
#define WXS_VERIFY_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "check.h"
#include "db.h"
#include "state.h"

/* What verification reads from control.db and writes to it. */

typedef struct {
    int64_t number;
    wxs_state status;
    int64_t host;     /* number of its tracking host, 0 none */
    int64_t added_at; /* of that host, or of a DKIM key that waits; else 0 */
    bool optional;    /* a DKIM key that the domain does without */
} wxs_job_record;

/* A domain to check, as it was when it was taken. */
typedef struct {
    int64_t number;
    char *id;
    char *name;
    wxs_state_row row;
    int64_t taken_at;
    int64_t lease;       /* the next_check_at that the row bears meanwhile */
    wxs_check_job check; /* its strings belong to this structure */
    wxs_job_record record[WXS_CHECK_RECORDS_MAX];
} wxs_job;

#define WXS_DUE_MAX 512

/* For so long a look at a tracking host proves that its CDN leads here. */
#define WXS_CDN_PROOF_DAYS 3

/* Makes the domains due at now whose checks ended with an earlier process. */
bool wxs_store_resume(wxs_db *db, int64_t now, wxs_error *error);

/* When the next domain is due (microseconds), INT64_MAX if none ever is. */
bool wxs_store_next_due(wxs_db *db, int64_t *at, wxs_error *error);

/* The numbers of up to WXS_DUE_MAX domains due by now, the oldest first. */
bool wxs_store_due(wxs_db *db, int64_t now, int64_t *numbers, size_t *count,
                   wxs_error *error);

/* Loads the domain and puts its next check off to lease, so that a check that
 * somebody wants meanwhile can be told from the one that is running and a check
 * that dies with the process is repeated. Within a transaction. NULL with error
 * filled. */
wxs_job *wxs_store_take(wxs_db *db, int64_t number, int64_t now, int64_t lease,
                        wxs_error *error);
void wxs_job_free(wxs_job *job); /* accepts NULL */

/* Puts the next check of a domain whose check takes long off to lease. Within a
 * transaction. */
bool wxs_store_extend(wxs_db *db, wxs_job *job, int64_t lease,
                      wxs_error *error);

/* Writes all of a check's outcome, or nothing if the domain or its records are
 * no longer what the check was about; *written tells. Within a transaction,
 * which is of no use any more if this fails. */
bool wxs_store_write(wxs_db *db, const wxs_job *job,
                     const wxs_check_result *results,
                     const wxs_state_input *inputs, const wxs_state_step *step,
                     int64_t now, bool *written, wxs_error *error);

#endif
