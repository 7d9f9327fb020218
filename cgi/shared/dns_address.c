#include "dns_address.h"

#include <arpa/inet.h>
#include <string.h>

typedef struct {
    unsigned char bytes[16];
    uint8_t bits;
} range;

/* The leading bytes of each; the rest is zero. */
static const range ipv4_special[] = {
    {{0}, 8},             /* this network */
    {{10}, 8},            /* private */
    {{100, 64}, 10},      /* carrier NAT */
    {{127}, 8},           /* loopback */
    {{169, 254}, 16},     /* link local */
    {{172, 16}, 12},      /* private */
    {{192, 0, 0}, 24},    /* protocol assignments */
    {{192, 0, 2}, 24},    /* documentation */
    {{192, 88, 99}, 24},  /* 6to4 relay */
    {{192, 168}, 16},     /* private */
    {{198, 18}, 15},      /* benchmarks */
    {{198, 51, 100}, 24}, /* documentation */
    {{203, 0, 113}, 24},  /* documentation */
    {{224}, 3},           /* multicast, reserved, broadcast */
};

static const range ipv6_special[] = {
    {{0}, 96},                        /* unspecified, loopback, compatible */
    {{[10] = 0xff, [11] = 0xff}, 96}, /* IPv4-mapped */
    {{0x00, 0x64, 0xff, 0x9b}, 96},   /* NAT64 */
    {{0x00, 0x64, 0xff, 0x9b, 0, 1}, 48}, /* local NAT64 */
    {{0x01, 0x00}, 64},                   /* discard */
    {{0x20, 0x01}, 23},                   /* protocol assignments, Teredo */
    {{0x20, 0x01, 0x0d, 0xb8}, 32},       /* documentation */
    {{0x20, 0x02}, 16},                   /* 6to4 */
    {{0x3f, 0xff}, 20},                   /* documentation */
    {{0x5f}, 16},                         /* segment routing */
    {{0xfc}, 7},                          /* unique local */
    {{0xfe, 0x80}, 10},                   /* link local */
    {{0xfe, 0xc0}, 10},                   /* site local */
    {{0xff}, 8},                          /* multicast */
};

static bool
in_range(const range *r, const unsigned char *bytes)
{
    size_t whole = r->bits / 8;
    unsigned rest = r->bits % 8;

    if (memcmp(r->bytes, bytes, whole) != 0) {
        return false;
    }
    return rest == 0 || (r->bytes[whole] ^ bytes[whole]) >> (8 - rest) == 0;
}

static bool
in_any(const range *r, size_t count, const unsigned char *bytes)
{
    for (size_t i = 0; i < count; i++) {
        if (in_range(&r[i], bytes)) {
            return true;
        }
    }
    return false;
}

static struct in6_addr
mapped(const struct sockaddr_in *address)
{
    struct in6_addr out = {.s6_addr = {[10] = 0xff, [11] = 0xff}};

    memcpy(out.s6_addr + 12, &address->sin_addr, 4);
    return out;
}

bool
wxs_address_listed(const struct sockaddr *address, const wxs_networks *allow)
{
    if (address->sa_family == AF_INET) {
        struct in6_addr v6 = mapped((const struct sockaddr_in *)address);

        return wxs_networks_contain(allow, &v6);
    }
    if (address->sa_family == AF_INET6) {
        const struct in6_addr *v6 =
            &((const struct sockaddr_in6 *)address)->sin6_addr;

        return !IN6_IS_ADDR_V4MAPPED(v6) && wxs_networks_contain(allow, v6);
    }
    return false;
}

bool
wxs_address_allowed(const struct sockaddr *address, const wxs_networks *allow)
{
    if (wxs_address_listed(address, allow)) {
        return true;
    }
    if (address->sa_family == AF_INET) {
        const struct sockaddr_in *v4 = (const struct sockaddr_in *)address;

        return !in_any(ipv4_special, sizeof ipv4_special / sizeof *ipv4_special,
                       (const unsigned char *)&v4->sin_addr);
    }
    if (address->sa_family == AF_INET6) {
        const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)address;

        return !in_any(ipv6_special, sizeof ipv6_special / sizeof *ipv6_special,
                       v6->sin6_addr.s6_addr);
    }
    return false;
}

void
wxs_address_text(const struct sockaddr *address, char text[WXS_ADDRESS_TEXT])
{
    const void *bytes =
        address->sa_family == AF_INET6
            ? (const void *)&((const struct sockaddr_in6 *)address)->sin6_addr
            : (const void *)&((const struct sockaddr_in *)address)->sin_addr;

    if (inet_ntop(address->sa_family, bytes, text, WXS_ADDRESS_TEXT) == NULL) {
        text[0] = '\0';
    }
}

socklen_t
wxs_address_make(struct sockaddr_storage *address, const unsigned char *bytes,
                 size_t length, uint16_t port)
{
    memset(address, 0, sizeof *address);
    if (length == 4) {
        struct sockaddr_in *v4 = (struct sockaddr_in *)address;

        v4->sin_family = AF_INET;
        v4->sin_port = htons(port);
        memcpy(&v4->sin_addr, bytes, 4);
        return sizeof *v4;
    }
    if (length == 16) {
        struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)address;

        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons(port);
        memcpy(&v6->sin6_addr, bytes, 16);
        return sizeof *v6;
    }
    return 0;
}
