#ifndef WXS_WAXSEAL_ADDRESS_H
#define WXS_WAXSEAL_ADDRESS_H

#include <netinet/in.h>
#include <sys/socket.h>

#include "error.h"

#define WXS_URL_SIZE 96

/* any.sa_family tells which of the others holds. */
typedef struct {
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } is;
    socklen_t len;
} wxs_address;

/* Reads "127.0.0.1:8080" or "[::1]:8080". */
bool wxs_address_parse(const char *text, wxs_address *address,
                       wxs_error *error);

/* Where a client on this machine reaches what listens on address: 0.0.0.0 and
 * :: become loopback. */
wxs_address wxs_address_reach(const wxs_address *address);

/* "http://127.0.0.1:8080", without the scheme's own port. */
bool wxs_address_url(const wxs_address *address, const char *scheme,
                     char url[WXS_URL_SIZE]);

/* Could a program of this user listen there? Says what is in the way. Waits up
 * to wait_ms for the address to become free. */
bool wxs_address_free(const char *text, const char *setting, int wait_ms,
                      wxs_error *error);

#endif
