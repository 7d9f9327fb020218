#ifndef WXS_VERIFY_DNS_RR_H
#define WXS_VERIFY_DNS_RR_H

#include <ldns/ldns.h>

#include "dns_answer.h"

/* From ldns's records to the values of an answer. */

/* A name as answers have it; the caller frees it, NULL if memory is out. */
char *wxs_dns_rr_name(const ldns_rdf *name);

/* Adds the record's data to the answer; false if memory is out. Types that
 * nothing asks for are left out. */
bool wxs_dns_rr_add(wxs_dns_answer *answer, const ldns_rr *rr);

/* Its serial, and for how long a negative answer with it may be kept. */
void wxs_dns_rr_take_soa(wxs_dns_answer *answer, const ldns_rr *soa);

#endif
