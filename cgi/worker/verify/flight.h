#ifndef WXS_VERIFY_FLIGHT_H
#define WXS_VERIFY_FLIGHT_H

#include <stddef.h>

/* How many domains, up to most, can be checked at the same time with the
 * descriptors that this process may have; the usual soft limit of 1024 is
 * raised. */
size_t wxs_flight_limit(size_t most);

#endif
