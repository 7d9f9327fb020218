#ifndef WXS_DOMAINS_RECORD_STORE_H
#define WXS_DOMAINS_RECORD_STORE_H

#include "db.h"
#include "record_set.h"

/* Rows of records and tracking_hosts in control.db. The caller has seen to it
 * that the domain, given by its number, belongs to the account that asks. */

/* host is the number of the tracking host of a tracking record, else 0. */
bool wxs_record_add(wxs_db *db, int64_t domain, const wxs_record *record,
                    int64_t host, const char *status, wxs_error *error);

/* The records of the domain are to be checked anew: status pending. A tracking
 * host that works goes on working meanwhile. */
bool wxs_records_restart(wxs_db *db, int64_t domain, wxs_error *error);

/* A statement over the records as they were added, with the columns kind, fqdn,
 * type, value, priority, status, detail. NULL with error filled. */
sqlite3_stmt *wxs_records_walk(wxs_db *db, int64_t domain, wxs_error *error);

/* Adds the tracking host label.<name of the domain>, and fills its number. */
bool wxs_tracking_host_add(wxs_db *db, int64_t domain, const char *label,
                           const char *host, int64_t now, int64_t *number,
                           wxs_error *error);

/* Makes a former tracking host of the domain the newest: 1 done, 0 there is
 * none with this label, -1. */
int wxs_tracking_host_return(wxs_db *db, int64_t domain, const char *label,
                             wxs_error *error);

/* How many tracking hosts the domain ever had; -1. */
int64_t wxs_tracking_host_count(wxs_db *db, int64_t domain, wxs_error *error);

#endif
