#ifndef WXS_DOMAINS_CERTIFICATE_JSON_H
#define WXS_DOMAINS_CERTIFICATE_JSON_H

#include <jansson.h>

#include "../domain_store.h"
#include "config.h"

/* Columns of a tracking host's certificate, for wxs_certificate_row(), from the
 * tables tracking_hosts t, and, joined to it, certificate_hosts h and
 * certificates c. */
#define WXS_CERTIFICATE_COLUMNS                                                \
    "t.host, h.state, h.code, h.message, h.generation, h.expires_at, "         \
    "h.renew_at, h.next_at, h.failing_since, h.attempts, c.issuer, "           \
    "c.issued_at, t.cdn_at "
#define WXS_CERTIFICATE_JOIN                                                   \
    "LEFT JOIN certificate_hosts h ON h.host = t.host "                        \
    "LEFT JOIN certificates c ON c.generation = h.generation "

/* The API's object, its columns from first on. NULL if memory is out. */
json_t *wxs_certificate_row(sqlite3_stmt *row, int first,
                            const wxs_config *config);

/* The object of the domain's newest tracking host, or JSON null if it has none;
 * NULL with error filled. */
json_t *wxs_certificate_json(wxs_db *db, const wxs_domain *domain,
                             const wxs_config *config, wxs_error *error);

#endif
