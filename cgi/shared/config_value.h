#ifndef WXS_SHARED_CONFIG_VALUE_H
#define WXS_SHARED_CONFIG_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Readers of the values of settings. Each takes a NUL-terminated text without
 * blanks at its ends, writes what it means to out (its type is named below)
 * and returns false, with out undefined, if the text is not allowed. */

typedef struct {
    size_t size; /* bytes at out, for text */
    int64_t min; /* for numbers and durations (in ms) */
    int64_t max;
} wxs_value_bounds;

typedef bool wxs_value_parser(const char *text, const wxs_value_bounds *bounds,
                              void *out);

wxs_value_parser wxs_value_listen;   /* char[]: address:port */
wxs_value_parser wxs_value_resolver; /* sockaddr_storage: address[:port] */
wxs_value_parser wxs_value_scheme;   /* wxs_scheme */
wxs_value_parser wxs_value_dns_mode; /* wxs_dns_mode */
wxs_value_parser wxs_value_networks; /* wxs_networks */
wxs_value_parser wxs_value_verdicts; /* unsigned: bits 1u << wxs_verdict */
wxs_value_parser wxs_value_duration; /* int64_t, ms */
wxs_value_parser wxs_value_integer;  /* int */
wxs_value_parser wxs_value_yes;      /* bool: yes or no */
wxs_value_parser wxs_value_rate;     /* wxs_quota; the bounds are of its time */
wxs_value_parser wxs_value_port;     /* uint16_t */
wxs_value_parser wxs_value_host;     /* char[]: a host name, lower case */
wxs_value_parser wxs_value_zone;     /* char[]: a short host name or empty */
wxs_value_parser wxs_value_hosts;    /* char[]: some, single spaces between */
wxs_value_parser wxs_value_schedule; /* char[]: durations, the same way */
wxs_value_parser wxs_value_https;    /* char[]: an https URL or empty */
wxs_value_parser wxs_value_email;    /* char[]: an address or empty */
wxs_value_parser wxs_value_key;      /* char[]: a secret word or empty */
wxs_value_parser wxs_value_file;     /* char[]: an absolute path or empty */

#endif
