#ifndef WXS_VERIFY_DNS_GATE_H
#define WXS_VERIFY_DNS_GATE_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "dns_loop.h"

/* Spares nameservers: many domains share one. To each address go so many
 * questions a second (a token bucket) and so many at a time; the others wait in
 * the order of their coming. */

typedef struct wxs_dns_gate wxs_dns_gate;

typedef struct {
    int rate;      /* questions a second, 1 to 1,000,000 */
    int burst;     /* at once after a pause, 1 to 1,000,000 */
    int in_flight; /* at a time, at least 1 */
    /* Not 0: so many at a time to begin with. While more than half of its
     * answers come late or not at all, the server gets fewer, down to a quarter
     * of this; otherwise more as they are wanted, up to in_flight. */
    int at_first;
} wxs_dns_limits;

typedef struct wxs_gate_server wxs_gate_server;

/* Embedded in what asks; zero it, but for admit and data, before its use. */
typedef struct wxs_dns_pass {
    void (*admit)(void *data);
    void *data;
    wxs_gate_server *server; /* NULL: neither waiting nor inside */
    bool inside;
    int64_t entered;           /* monotonic ms */
    struct wxs_dns_pass *next; /* of those that wait */
    struct wxs_dns_pass *before;
} wxs_dns_pass;

/* NULL if memory is out. */
wxs_dns_gate *wxs_dns_gate_new(wxs_loop *loop, const wxs_dns_limits *limits);

/* Nobody may be inside or wait any more. Accepts NULL. */
void wxs_dns_gate_free(wxs_dns_gate *gate);

/* How many tries it has let in so far. */
unsigned long wxs_dns_gate_passed(const wxs_dns_gate *gate);

/* True: go on at once. False: the pass waits, and admit is called from the
 * loop when its turn has come. */
bool wxs_dns_gate_enter(wxs_dns_gate *gate, const struct sockaddr *server,
                        wxs_dns_pass *pass);

/* The server answered, or a try got no answer in time: then true if it has not
 * answered any of the last WXS_DNS_SILENT tries. For a pass that is inside. */
#define WXS_DNS_SILENT  16
#define WXS_DNS_LATE_MS 500
void wxs_dns_gate_heard(const wxs_dns_pass *pass);
bool wxs_dns_gate_unheard(const wxs_dns_pass *pass);

/* Ends what enter began, whether the pass waits, is inside, or did not enter.
 */
void wxs_dns_gate_leave(wxs_dns_pass *pass);

#endif
