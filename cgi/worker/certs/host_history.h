#ifndef WXS_CERTS_HOST_HISTORY_H
#define WXS_CERTS_HOST_HISTORY_H

#include "db.h"

/* Adds an entry to the history of every live domain that has the host as a
 * tracking host: cause "certificate_issued", "certificate_failing",
 * "certificate_stopped" or "certificate_expired"; code and message may be
 * NULL. Call it after what it tells of, within the same transaction. */
bool wxs_host_history(wxs_db *db, const char *host, const char *cause,
                      const char *code, const char *message, int64_t now,
                      wxs_error *error);

#endif
