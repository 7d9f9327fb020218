#ifndef WXS_SHARED_DNS_ADDRESS_H
#define WXS_SHARED_DNS_ADDRESS_H

#include <netinet/in.h>
#include <stdbool.h>

#include "config.h"

/* Addresses that others choose: of nameservers (who runs a domain chooses
 * them) and of webhook endpoints. */

/* May this address be connected to? True for public unicast
 * addresses and for those in allow; the special-purpose ranges of RFC 6890's
 * registries, multicast, and IPv4 in IPv6 clothes are refused. */
bool wxs_address_allowed(const struct sockaddr *address,
                         const wxs_networks *allow);

/* Is it in allow, public or not? */
bool wxs_address_listed(const struct sockaddr *address,
                        const wxs_networks *allow);

#define WXS_ADDRESS_TEXT 56

/* "192.0.2.1" or "2001:db8::1", without the port. */
void wxs_address_text(const struct sockaddr *address,
                      char text[WXS_ADDRESS_TEXT]);

/* Makes a socket address of the 4 or 16 bytes of an A or AAAA record. */
socklen_t wxs_address_make(struct sockaddr_storage *address,
                           const unsigned char *bytes, size_t length,
                           uint16_t port);

#endif
