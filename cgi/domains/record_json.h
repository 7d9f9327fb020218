#ifndef WXS_DOMAINS_RECORD_JSON_H
#define WXS_DOMAINS_RECORD_JSON_H

#include <libpsl.h>

#include "domain_store.h"
#include "json_writer.h"

/* Where a domain's records are entered, and how their names are written
 * there. */
typedef struct {
    const char *registrable; /* that the API's names are relative to */
    const char *zone;
    bool full_names;
} wxs_entry_place;

/* Points into domain. */
wxs_entry_place wxs_entry_place_of(const wxs_domain *domain,
                                   const psl_ctx_t *psl);

/* Writes the members `records` and, if there is such a record, `dmarc`. False
 * with error filled. */
bool wxs_records_json(wxs_json_writer *json, wxs_db *db, int64_t domain,
                      const wxs_entry_place *place, wxs_error *error);

#endif
