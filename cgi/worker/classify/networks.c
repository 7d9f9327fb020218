#include "networks.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "list_line.h"

#define SIZE      16
#define MAPPED    12 /* bytes before the IPv4 address in a mapped one */
#define BITS      128
#define IPV4_BITS 32
#define NOWHERE   255 /* certainty of a range that is in no network */
#define FIELDS    5

/* A network of the list: addresses as IPv6. */
typedef struct {
    uint8_t first[SIZE];
    uint8_t last[SIZE];
    uint32_t line; /* of two that are the same the later counts */
    uint8_t prefix;
    wxs_network_note note;
} entry;

/* Where something begins, in order; what lies between two has one note. */
typedef struct {
    size_t count;
    uint8_t (*start)[SIZE];
    wxs_network_note *note;
} ranges;

static const uint8_t mapped[MAPPED] = {[10] = 0xff, [11] = 0xff};

/* ---- a line ---- */

static bool
parse_number(const char *text, int most, int *value)
{
    *value = 0;
    if (*text == '\0' || strlen(text) > 3)
        return false;
    for (; *text != '\0'; text++) {
        if (*text < '0' || *text > '9')
            return false;
        *value = 10 * *value + *text - '0';
    }
    return *value <= most;
}

/* "192.0.2.0/24" or "2001:db8::/32", with no bit set behind the prefix. */
static bool
parse_network(char *text, entry *e)
{
    char *slash = strchr(text, '/');
    bool is6 = strchr(text, ':') != NULL;
    int prefix;

    if (slash == NULL)
        return false;
    *slash = '\0';
    memcpy(e->first, mapped, MAPPED);
    if (inet_pton(is6 ? AF_INET6 : AF_INET, text,
                  is6 ? e->first : e->first + MAPPED) != 1 ||
        !parse_number(slash + 1, is6 ? BITS : IPV4_BITS, &prefix))
        return false;
    e->prefix = (uint8_t)(is6 ? prefix : prefix + BITS - IPV4_BITS);
    memcpy(e->last, e->first, SIZE);
    for (size_t bit = e->prefix; bit < BITS; bit++) {
        if (e->first[bit / 8] >> (7 - bit % 8) & 1)
            return false;
        e->last[bit / 8] |= (uint8_t)(1 << (7 - bit % 8));
    }
    return true;
}

static bool
parse_origin(const char *word, bool is_open, uint8_t *origin)
{
    static const char *const names[] = {
        [WXS_FROM_ANYBODY] = "-",
        [WXS_FROM_MACHINE] = "machine",
        [WXS_FROM_PROXY] = "proxy",
        [WXS_FROM_RELAY] = "relay",
    };

    for (uint8_t i = 0; i <= WXS_FROM_RELAY; i++) {
        if (strcmp(word, names[i]) == 0 && (is_open || i != WXS_FROM_PROXY)) {
            *origin = i;
            return true;
        }
    }
    return false;
}

static bool
parse_line(const wxs_list_line *line, entry *e)
{
    int certainty;

    *e = (entry){.line = (uint32_t)line->number};
    if (line->count != FIELDS || !parse_network(line->field[0], e) ||
        !parse_origin(line->field[2], false, &e->note.click) ||
        !parse_origin(line->field[3], true, &e->note.open) ||
        !parse_number(line->field[4], 100, &certainty))
        return false;
    e->note.certainty = (uint8_t)certainty;
    return true;
}

/* ---- from networks within networks to ranges side by side ---- */

/* By beginning; a network before those within it, and of two that are the same
 * the earlier first. */
static int
compare(const void *a, const void *b)
{
    const entry *x = a, *y = b;
    int order = memcmp(x->first, y->first, SIZE);

    if (order != 0)
        return order;
    if (x->prefix != y->prefix)
        return x->prefix < y->prefix ? -1 : 1;
    return x->line < y->line ? -1 : 1;
}

/* From here on the note holds; a range that has become empty goes. */
static void
begin(ranges *r, const uint8_t start[SIZE], wxs_network_note note)
{
    if (r->count > 0 && memcmp(r->start[r->count - 1], start, SIZE) == 0)
        r->count--;
    memcpy(r->start[r->count], start, SIZE);
    r->note[r->count++] = note;
}

/* The address behind it; false behind the last of all. */
static bool
next_address(const uint8_t address[SIZE], uint8_t next[SIZE])
{
    memcpy(next, address, SIZE);
    for (int i = SIZE - 1; i >= 0; i--) {
        if (++next[i] != 0)
            return true;
    }
    return false;
}

/* Ends the networks that do not reach up to here: what is around them goes on.
 * Of around the first depth are open, each within the one before. */
static void
end_networks(ranges *r, const entry **around, size_t *depth,
             const uint8_t *before)
{
    static const wxs_network_note nowhere = {.certainty = NOWHERE};
    uint8_t next[SIZE];

    while (*depth > 0 && (before == NULL ||
                          memcmp(around[*depth - 1]->last, before, SIZE) < 0)) {
        const entry *ended = around[--*depth];

        if (next_address(ended->last, next))
            begin(r, next, *depth > 0 ? around[*depth - 1]->note : nowhere);
    }
}

/* Networks either lie within one another or apart: as many can be open at a
 * time as an address has bits, and one for each line that repeats one. */
static void
flatten(const entry *entries, size_t count, const entry **around, ranges *r)
{
    size_t depth = 0;

    for (size_t i = 0; i < count; i++) {
        end_networks(r, around, &depth, entries[i].first);
        begin(r, entries[i].first, entries[i].note);
        around[depth++] = &entries[i];
    }
    end_networks(r, around, &depth, NULL);
}

/* ---- the table ---- */

static bool
is_mapped(const uint8_t address[SIZE])
{
    return memcmp(address, mapped, MAPPED) == 0;
}

static uint32_t
ipv4(const uint8_t address[SIZE])
{
    uint32_t bytes;

    memcpy(&bytes, address + MAPPED, sizeof bytes);
    return ntohl(bytes);
}

static void
add4(wxs_network_table *table, uint32_t start, wxs_network_note note)
{
    table->start4[table->count4] = start;
    table->note4[table->count4++] = note;
}

/* The IPv4 part of the ranges gets an array of its own, that begins with what
 * holds at 0.0.0.0. */
static void
fill(wxs_network_table *table, const ranges *r)
{
    wxs_network_note before = {.certainty = NOWHERE};

    memcpy(table->start6, r->start, r->count * sizeof *table->start6);
    memcpy(table->note6, r->note, r->count * sizeof *table->note6);
    table->count6 = r->count;
    for (size_t i = 0; i < r->count; i++) {
        if (is_mapped(r->start[i])) {
            if (table->count4 == 0 && ipv4(r->start[i]) != 0)
                add4(table, 0, before);
            add4(table, ipv4(r->start[i]), r->note[i]);
        } else if (table->count4 == 0 &&
                   memcmp(r->start[i], mapped, MAPPED) < 0) {
            before = r->note[i];
        }
    }
    if (table->count4 == 0)
        add4(table, 0, before);
}

static bool
make_table(entry *entries, size_t count, wxs_network_table *table)
{
    size_t room = 2 * count + 2;
    ranges r = {.start = malloc(room * sizeof *r.start),
                .note = malloc(room * sizeof *r.note)};
    const entry **around = malloc((count + 1) * sizeof(*around));
    bool ok;

    table->start4 = malloc(room * sizeof *table->start4);
    table->note4 = malloc(room * sizeof *table->note4);
    table->start6 = malloc(room * sizeof *table->start6);
    table->note6 = malloc(room * sizeof *table->note6);
    ok = r.start != NULL && r.note != NULL && around != NULL &&
         table->start4 != NULL && table->note4 != NULL &&
         table->start6 != NULL && table->note6 != NULL;
    if (ok) {
        qsort(entries, count, sizeof *entries, compare);
        flatten(entries, count, around, &r);
        fill(table, &r);
    }
    free(r.start);
    free(r.note);
    free(around);
    return ok;
}

static bool
read_entries(const char *text, entry *entries, size_t room, size_t *count,
             wxs_error *error)
{
    wxs_list_line line = {0};

    *count = 0;
    while (wxs_list_next(&text, &line)) {
        if (*count == room)
            return wxs_fail(error, "line %zu: at most %d networks are allowed",
                            line.number, WXS_NETWORK_LINES_MAX);
        if (!parse_line(&line, &entries[*count]))
            return wxs_fail(
                error,
                "line %zu: expected is \"NETWORK OPERATOR CLICK OPEN "
                "CERTAINTY\", such as \"192.0.2.0/24 acme machine proxy 90\", "
                "with - or relay where they fit",
                line.number);
        (*count)++;
    }
    return true;
}

bool
wxs_network_table_parse(const char *text, wxs_network_table *table,
                        wxs_error *error)
{
    size_t count, room = wxs_list_lines(text);
    entry *entries;
    bool ok;

    *table = (wxs_network_table){0};
    if (room > WXS_NETWORK_LINES_MAX)
        room = WXS_NETWORK_LINES_MAX;
    entries = malloc(room * sizeof *entries);
    if (entries == NULL)
        return wxs_fail(error, "there is no memory for a list of networks");
    ok = read_entries(text, entries, room, &count, error);
    if (ok && !make_table(entries, count, table))
        ok = wxs_fail(error, "there is no memory for a list of networks");
    free(entries);
    if (!ok)
        wxs_network_table_free(table);
    return ok;
}

void
wxs_network_table_free(wxs_network_table *table)
{
    free(table->start4);
    free(table->start6);
    free(table->note4);
    free(table->note6);
    *table = (wxs_network_table){0};
}

/* ---- looking up ---- */

/* Without branches that could be mispredicted: each step halves the rest. */
static const wxs_network_note *
find4(const wxs_network_table *table, uint32_t address)
{
    const uint32_t *base = table->start4;
    size_t count = table->count4;

    while (count > 1) {
        size_t half = count / 2;

        base += base[half] <= address ? half : 0;
        count -= half;
    }
    return &table->note4[base - table->start4];
}

static const wxs_network_note *
find6(const wxs_network_table *table, const uint8_t address[SIZE])
{
    size_t low = 0, high = table->count6;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (memcmp(table->start6[middle], address, SIZE) <= 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low == 0 ? NULL : &table->note6[low - 1];
}

const wxs_network_note *
wxs_network_find(const wxs_network_table *table, const uint8_t address[SIZE])
{
    const wxs_network_note *note = NULL;

    if (table->count4 > 0)
        note = is_mapped(address) ? find4(table, ipv4(address))
                                  : find6(table, address);
    return note == NULL || note->certainty == NOWHERE ? NULL : note;
}
