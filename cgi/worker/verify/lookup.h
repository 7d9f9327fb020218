#ifndef WXS_VERIFY_LOOKUP_H
#define WXS_VERIFY_LOOKUP_H

#include "caa.h"
#include "config.h"

/* Questions to the resolver (dns.resolver) by a thread that may wait for the
 * answers. */
typedef struct wxs_lookup wxs_lookup;

/* NULL with error filled. config must outlive it. */
wxs_lookup *wxs_lookup_new(const wxs_config *config, wxs_error *error);
void wxs_lookup_free(wxs_lookup *lookup); /* accepts NULL */

/* Asks, and waits for at most 10 s. The answer is good until the next question
 * or the end of the lookup; NULL if there is none. */
const wxs_dns_answer *wxs_lookup_ask(wxs_lookup *lookup, const char *name,
                                     uint16_t type);

/* wxs_caa_judge() with what the resolver says now. */
void wxs_lookup_caa(wxs_lookup *lookup, const char *host, const char *ca,
                    wxs_caa_verdict *verdict);

#define WXS_LOOKUP_ADDRESSES 16

/* The host's addresses, IPv4 first, with this port. Their number; 0 if there
 * are none, -1 if that is not known. */
int
wxs_lookup_addresses(wxs_lookup *lookup, const char *host, uint16_t port,
                     struct sockaddr_storage addresses[WXS_LOOKUP_ADDRESSES]);

#endif
