#ifndef WXS_SHARED_CONFIG_H
#define WXS_SHARED_CONFIG_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "error.h"

/* The settings of docs/settings.md: an INI file, each key overridable by the
 * environment as WAXSEAL_SECTION_KEY. */

#define WXS_REGIONS      4
#define WXS_NETWORKS_MAX 64

typedef enum {
    WXS_SCHEME_AUTO,
    WXS_SCHEME_HTTP,
    WXS_SCHEME_HTTPS
} wxs_scheme;
typedef enum {
    WXS_DNS_AUTHORITATIVE,
    WXS_DNS_RECURSIVE
} wxs_dns_mode;

/* IPv4 as v4-mapped IPv6, the prefix length counted in those 128 bits. */
typedef struct {
    struct in6_addr address;
    uint8_t prefix;
} wxs_network;

typedef struct {
    wxs_network item[WXS_NETWORKS_MAX];
    size_t count;
} wxs_networks;

/* So many in a time. */
typedef struct {
    int count;
    int64_t per_ms;
} wxs_quota;

typedef struct {
    const char *name; /* one of the API's four */
    char spf_include[254];
    char bounce_mx[254];
    char tracking_target[254];
} wxs_region;

typedef struct {
    char dir[400]; /* the state directory, absolute */
    struct {
        char listen[64]; /* address:port */
        int rate_limit;  /* requests a second of a key, 0 = any */
    } api;
    struct {
        char key[128]; /* "" = as in dir/admin.key */
    } admin;
    struct {
        int64_t retention_ms; /* of the list of requests */
    } logs;
    struct {
        char listen[64];
        char tls_listen[64];
        wxs_scheme public_scheme;
        wxs_networks trusted_proxies;
        wxs_networks probe_networks; /* where tracking hosts may be besides
                                        public addresses */
        char probe_ca_file[256]; /* they are trusted by, "" = the system's */
    } edge;
    struct {
        struct sockaddr_storage resolver;
        socklen_t resolver_len;
        uint16_t port;
        wxs_networks allow_ns;
        wxs_dns_mode mode;
        int ns_rate;      /* questions a second to one nameserver address */
        int ns_burst;     /* after a pause */
        int ns_in_flight; /* at a time */
    } dns;
    struct {
        int64_t window_ms;
        int64_t min_interval_ms;
        int64_t max_interval_ms;
        int64_t watch_interval_ms;
    } verify;
    struct {
        /* names, single spaces between them */
        char allow_special[512];
        char allow_suffixes[512]; /* public suffixes accepted all the same */
        char allow_freemail[512]; /* mailbox providers accepted all the same */
        char refuse[512];         /* names refused with all below them */
    } names;
    struct {
        int64_t sync_ms;
    } journal;
    struct {
        int64_t keep_metadata_ms; /* 0 = it is not stored */
    } messages;
    struct {
        int64_t hold_ms;
        int partition_events;    /* in one, at most so many */
        int64_t partition_ms;    /* and of that long */
        int64_t retention_ms;    /* of events, 0 = for ever */
        int64_t keep_rollups_ms; /* of what they come to, 0 = for ever */
        char networks[256];      /* a list of the operator's own; "" = none */
        char geoip[256];         /* a database of countries; "" = none */
    } events;
    struct {
        char directory[256];
        char email[254];
        char ca[254]; /* its name in CAA records */
        char ca_file[256];
        bool accept_terms;
        bool self_check; /* ask the host for a challenge before an order */
        wxs_quota order_limit;   /* of the account */
        wxs_quota domain_limit;  /* first certificates of a registered domain */
        wxs_quota failure_limit; /* failed validations of a host */
        int parallel;            /* orders at a time */
    } acme;
    struct {
        wxs_networks allow_networks;
        unsigned verdicts; /* told of: bits 1u << wxs_verdict */
        char schedule[256];
        int64_t timeout_ms;
        int64_t disable_after_ms;
        int64_t retention_ms;
        char ca_file[256];
    } webhook;
    struct {
        int pool; /* DKIM keys kept ready */
        int64_t retire_after_ms;
        char zone[254]; /* of the operator, for CNAME records; "" = none */
    } dkim;
    wxs_region region[WXS_REGIONS];
} wxs_config;

/* Loads dir/waxseal.conf, or file if not NULL (dir/waxseal.conf may be absent:
 * then the defaults and the environment hold). An unknown key, a bad value or
 * a malformed line fails with its file, line and what is allowed. */
bool wxs_config_load(wxs_config *config, const char *dir, const char *file,
                     wxs_error *error);

/* NULL if the name is none of the four regions. */
const wxs_region *wxs_config_region(const wxs_config *config, const char *name);

/* dir/name into path; false (never with a dir that was loaded and a name under
 * 64 characters) if it does not fit. */
bool wxs_config_path(const wxs_config *config, const char *name, char *path,
                     size_t cap);

/* Is the address in one of the networks? */
bool wxs_networks_contain(const wxs_networks *networks,
                          const struct in6_addr *address);

#endif
