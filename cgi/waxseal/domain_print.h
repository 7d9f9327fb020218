#ifndef WXS_WAXSEAL_DOMAIN_PRINT_H
#define WXS_WAXSEAL_DOMAIN_PRINT_H

#include <jansson.h>

/* Prints what the API says of a domain on standard output: name, state and a
 * table of its records, each with what the last check said of it. */
void wxs_domain_print(const json_t *domain);

/* Prints the API's list of domains as a table. */
void wxs_domain_print_list(const json_t *list);

/* The domain's state: "state", or "status" where that is missing. */
const char *wxs_domain_state(const json_t *domain);

#endif
