#include "dns_gate.h"

#include <stdlib.h>
#include <string.h>

#include "clock.h"

#define BUCKETS  1024  /* of the hash table */
#define SWEEP_MS 10000 /* how often idle servers are forgotten */
#define TOKEN    INT64_C(1000)
#define WINDOW   64 /* answers, at least, before a server's room changes */

struct wxs_gate_server {
    wxs_dns_gate *gate;
    wxs_gate_server *next; /* of the same hash */
    unsigned char address[16];
    int64_t tokens; /* thousandths of a question */
    int64_t filled; /* monotonic ms of the last refill */
    int inside;
    int room;            /* so many may be inside */
    int answers;         /* of this window, those that did not come included */
    int late;            /* of them */
    int unheard;         /* tries without an answer in a row */
    wxs_dns_pass *first; /* those that wait */
    wxs_dns_pass *last;
    wxs_timer timer; /* set while somebody waits */
};

struct wxs_dns_gate {
    wxs_loop *loop;
    wxs_dns_limits limits;
    wxs_timer sweep;
    unsigned long passed;
    wxs_gate_server *bucket[BUCKETS];
};

/* ---- servers ---- */

/* An IPv4 address as the IPv6 one that maps it: no nameserver is asked at
 * that. */
static void
address_key(const struct sockaddr *server, unsigned char key[16])
{
    memset(key, 0, 16);
    if (server->sa_family == AF_INET6) {
        memcpy(key, &((const struct sockaddr_in6 *)server)->sin6_addr, 16);
        return;
    }
    key[10] = key[11] = 0xff;
    memcpy(key + 12, &((const struct sockaddr_in *)server)->sin_addr, 4);
}

/* FNV-1a. Whoever makes many addresses collide has to own them. */
static size_t
hash(const unsigned char key[16])
{
    uint32_t h = 2166136261U;

    for (int i = 0; i < 16; i++) {
        h = (h ^ key[i]) * 16777619U;
    }
    return (h ^ h >> 16) % BUCKETS;
}

static void
refill(wxs_gate_server *server, int64_t now)
{
    const wxs_dns_limits *limits = &server->gate->limits;
    int64_t full = limits->burst * TOKEN;

    /* a thousandth of a question each ms, times the rate */
    server->tokens += (now - server->filled) * limits->rate;
    server->filled = now;
    if (server->tokens > full) {
        server->tokens = full;
    }
}

static void on_turn(void *data);

static wxs_gate_server *
find_server(wxs_dns_gate *gate, const struct sockaddr *address)
{
    unsigned char key[16];

    address_key(address, key);
    wxs_gate_server **bucket = &gate->bucket[hash(key)];

    for (wxs_gate_server *s = *bucket; s != NULL; s = s->next) {
        if (memcmp(s->address, key, sizeof key) == 0) {
            return s;
        }
    }
    wxs_gate_server *made = calloc(1, sizeof *made);

    if (made == NULL) {
        return NULL;
    }
    memcpy(made->address, key, sizeof key);
    made->gate = gate;
    made->room = gate->limits.at_first > 0 ? gate->limits.at_first
                                           : gate->limits.in_flight;
    made->tokens = gate->limits.burst * TOKEN;
    made->filled = wxs_monotonic_ms();
    made->timer = (wxs_timer){.fire = on_turn, .data = made};
    made->next = *bucket;
    *bucket = made;
    return made;
}

/* Forgets servers that are as they would be made anew. */
static void
on_sweep(void *data)
{
    wxs_dns_gate *gate = data;
    int64_t now = wxs_monotonic_ms();

    for (size_t i = 0; i < BUCKETS; i++) {
        wxs_gate_server **at = &gate->bucket[i];

        while (*at != NULL) {
            wxs_gate_server *server = *at;

            refill(server, now);
            if (server->inside == 0 && server->first == NULL &&
                server->tokens == gate->limits.burst * TOKEN) {
                *at = server->next;
                wxs_loop_disarm(gate->loop, &server->timer);
                free(server);
            } else {
                at = &server->next;
            }
        }
    }
    (void)wxs_loop_arm(gate->loop, &gate->sweep, SWEEP_MS);
}

/* ---- passing ---- */

static void
append(wxs_gate_server *server, wxs_dns_pass *pass)
{
    pass->before = server->last;
    pass->next = NULL;
    *(server->last == NULL ? &server->first : &server->last->next) = pass;
    server->last = pass;
}

static void
take_out(wxs_gate_server *server, wxs_dns_pass *pass)
{
    *(pass->before == NULL ? &server->first : &pass->before->next) = pass->next;
    *(pass->next == NULL ? &server->last : &pass->next->before) = pass->before;
    pass->next = NULL;
    pass->before = NULL;
}

static bool
has_room(const wxs_gate_server *server)
{
    return server->inside < server->room && server->tokens >= TOKEN;
}

static void
let_in(wxs_gate_server *server, wxs_dns_pass *pass)
{
    server->tokens -= TOKEN;
    server->inside++;
    server->gate->passed++;
    pass->inside = true;
    pass->entered = server->filled;
}

/* Sees to it that on_turn() is called when there may be room; whoever leaves
 * does so too. */
static void
await_turn(wxs_gate_server *server)
{
    wxs_dns_gate *gate = server->gate;
    int64_t ms = 0;

    if (server->first == NULL || server->inside >= server->room) {
        return;
    }
    if (server->tokens < TOKEN) {
        ms = (TOKEN - server->tokens + gate->limits.rate - 1) /
             gate->limits.rate;
    }
    (void)wxs_loop_arm(gate->loop, &server->timer, ms);
}

static void
on_turn(void *data)
{
    wxs_gate_server *server = data;
    wxs_dns_pass *pass;

    refill(server, wxs_monotonic_ms());
    while ((pass = server->first) != NULL && has_room(server)) {
        take_out(server, pass);
        let_in(server, pass);
        pass->admit(pass->data);
    }
    await_turn(server);
}

bool
wxs_dns_gate_enter(wxs_dns_gate *gate, const struct sockaddr *server,
                   wxs_dns_pass *pass)
{
    wxs_gate_server *at = find_server(gate, server);

    pass->inside = false;
    pass->server = at;
    if (at == NULL) {
        return true; /* without memory nobody is counted */
    }
    refill(at, wxs_monotonic_ms());
    if (at->first == NULL && has_room(at)) {
        let_in(at, pass);
        return true;
    }
    append(at, pass);
    await_turn(at);
    return false;
}

/* More at a time than a server can answer would only make all of them late, and
 * asked again on top of that. */
static void
note_answer(wxs_gate_server *server, bool late)
{
    const wxs_dns_limits *limits = &server->gate->limits;

    if (limits->at_first == 0) {
        return;
    }
    server->late += late;
    server->answers++;
    /* until those that came in since the last change have been answered */
    if (server->answers < WINDOW || server->answers < server->room) {
        return;
    }
    if (server->late * 2 > server->answers) {
        int least = (limits->at_first + 3) / 4;

        server->room = server->room / 2 > least ? server->room / 2 : least;
    } else if (server->first != NULL) {
        int more = server->room + (server->room + 3) / 4;

        server->room = more < limits->in_flight ? more : limits->in_flight;
    }
    server->answers = server->late = 0;
}

void
wxs_dns_gate_heard(const wxs_dns_pass *pass)
{
    wxs_gate_server *server = pass->server;

    if (server != NULL) {
        server->unheard = 0;
        note_answer(server,
                    wxs_monotonic_ms() - pass->entered > WXS_DNS_LATE_MS);
    }
}

bool
wxs_dns_gate_unheard(const wxs_dns_pass *pass)
{
    wxs_gate_server *server = pass->server;

    if (server == NULL) {
        return false;
    }
    note_answer(server, true);
    if (server->unheard < WXS_DNS_SILENT) {
        server->unheard++;
    }
    return server->unheard == WXS_DNS_SILENT;
}

void
wxs_dns_gate_leave(wxs_dns_pass *pass)
{
    wxs_gate_server *server = pass->server;

    if (server == NULL) {
        return;
    }
    pass->server = NULL;
    if (pass->inside) {
        pass->inside = false;
        server->inside--;
    } else {
        take_out(server, pass);
    }
    await_turn(server);
}

/* ---- the whole ---- */

unsigned long
wxs_dns_gate_passed(const wxs_dns_gate *gate)
{
    return gate->passed;
}

wxs_dns_gate *
wxs_dns_gate_new(wxs_loop *loop, const wxs_dns_limits *limits)
{
    wxs_dns_gate *gate = calloc(1, sizeof *gate);

    if (gate == NULL) {
        return NULL;
    }
    gate->loop = loop;
    gate->limits = *limits;
    gate->sweep = (wxs_timer){.fire = on_sweep, .data = gate};
    if (!wxs_loop_arm(loop, &gate->sweep, SWEEP_MS)) {
        free(gate);
        return NULL;
    }
    return gate;
}

void
wxs_dns_gate_free(wxs_dns_gate *gate)
{
    if (gate == NULL) {
        return;
    }
    wxs_loop_disarm(gate->loop, &gate->sweep);
    for (size_t i = 0; i < BUCKETS; i++) {
        while (gate->bucket[i] != NULL) {
            wxs_gate_server *server = gate->bucket[i];

            gate->bucket[i] = server->next;
            wxs_loop_disarm(gate->loop, &server->timer);
            free(server);
        }
    }
    free(gate);
}
