#include <string.h>

#include "config.h"

bool
wxs_networks_contain(const wxs_networks *networks,
                     const struct in6_addr *address)
{
    for (size_t i = 0; i < networks->count; i++) {
        const wxs_network *network = &networks->item[i];
        size_t whole = network->prefix / 8;
        uint8_t mask = (uint8_t)(0xff00 >> (network->prefix % 8));
        if (memcmp(network->address.s6_addr, address->s6_addr, whole) != 0)
            continue;
        if (whole == 16 ||
            ((network->address.s6_addr[whole] ^ address->s6_addr[whole]) &
             mask) == 0)
            return true;
    }
    return false;
}
