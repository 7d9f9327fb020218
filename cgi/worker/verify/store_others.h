#ifndef WXS_VERIFY_STORE_OTHERS_H
#define WXS_VERIFY_STORE_OTHERS_H

#include "store.h"

/* Loads the names of other verified domains of the account, where a customer
 * may have entered the records by mistake: those above this one and some of the
 * latest. They belong to the job. */
bool wxs_store_load_others(wxs_db *db, wxs_job *job, wxs_error *error);

#endif
