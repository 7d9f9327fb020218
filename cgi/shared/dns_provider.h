#ifndef WXS_SHARED_DNS_PROVIDER_H
#define WXS_SHARED_DNS_PROVIDER_H

#include <stdbool.h>

/* DNS providers, from the table conf/dns-providers.txt that the build puts into
 * the programs. */
typedef struct {
    char id[32];
    char name[64];
    bool full_names; /* its panel wants whole names, not the part before the
                        zone */
} wxs_dns_provider;

/* By its id; false if there is none. */
bool wxs_dns_provider_by_id(const char *id, wxs_dns_provider *provider);

/* By the name of one of its name servers, in lower case, with or without a
 * final dot; false if nobody is known by it. */
bool wxs_dns_provider_by_host(const char *host, wxs_dns_provider *provider);

#endif
