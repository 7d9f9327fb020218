#ifndef WXS_WAXSEAL_DOMAIN_FIND_H
#define WXS_WAXSEAL_DOMAIN_FIND_H

#include "db.h"
#include "name.h"

/* A domain of control.db, of whatever account. */
typedef struct {
    int64_t number;
    char name[WXS_NAME_SIZE];
    bool deleted;
} wxs_found_domain;

/* Finds a domain by its id or its name. Where nobody has the name at present,
 * the former domain of that name; where several had it, only an id will do. */
bool wxs_domain_find(wxs_db *control, const char *what,
                     wxs_found_domain *domain, wxs_error *error);

#endif
