#ifndef WXS_VERIFY_STORE_HOLDER_H
#define WXS_VERIFY_STORE_HOLDER_H

#include "store.h"

/* Several accounts may try a name; one of them can hold it, the first that
 * proves it. */

typedef struct {
    bool is_held; /* by another account */
} wxs_held;

/* Finds out whether another account holds the job's name. Where the job's
 * domain has an open claim and is_proved, the claim completes: the holder's
 * domain is deleted, and nobody holds the name any more. Within the transaction
 * that stores the check. */
bool wxs_store_settle_holder(wxs_db *db, const wxs_job *job, bool is_proved,
                             int64_t now, wxs_held *held, wxs_error *error);

/* Makes the step one that leaves the row in its state: a domain whose name
 * another account holds can only wait. */
void wxs_store_keep_waiting(const wxs_state_row *row, int64_t now,
                            wxs_state_step *step);

#endif
