#ifndef WXS_CLASSIFY_NETWORKS_H
#define WXS_CLASSIFY_NETWORKS_H

#include <stddef.h>
#include <stdint.h>

#include "error.h"

/* Networks that tell who fetches a link or a pixel: the list conf/networks.txt
 * and the operator's own of the same form. */

#define WXS_NETWORK_LINES_MAX 65536

/* What a request from a network is. */
typedef enum {
    WXS_FROM_ANYBODY, /* nothing follows */
    WXS_FROM_MACHINE,
    WXS_FROM_PROXY, /* opens only */
    WXS_FROM_RELAY, /* people, and Apple's image proxy */
} wxs_origin;

typedef struct {
    uint8_t click; /* wxs_origin */
    uint8_t open;
    uint8_t certainty;
} wxs_network_note;

typedef struct {
    size_t count4, count6;
    uint32_t *start4; /* where a range begins; it ends before the next */
    uint8_t (*start6)[16];
    wxs_network_note *note4, *note6;
} wxs_network_table;

/* Makes the table of a list. On false the error names the line and what is
 * expected. To be freed with wxs_network_table_free(). */
bool wxs_network_table_parse(const char *text, wxs_network_table *table,
                             wxs_error *error);

/* The note of the longest network that the address (16 bytes, IPv4 as v4-mapped
 * IPv6) is in; NULL if it is in none. */
const wxs_network_note *wxs_network_find(const wxs_network_table *table,
                                         const uint8_t address[16]);

void wxs_network_table_free(wxs_network_table *table);

#endif
