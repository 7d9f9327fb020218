#include "dns_cache.h"

#include <ldns/ldns.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "dns_query.h"

#define BUCKETS       8192
#define ENTRIES_MAX   65536
#define SWEEP_MS      60000
#define DELEGATION_MS 3000 /* then the zone above is asked */
#define TRY_MS        1000 /* the resolver is near */
#define OTHER_MS      4500 /* many checks may wait for the same answer */

struct wxs_cache_entry {
    wxs_dns_cache *cache;
    wxs_cache_entry *next; /* of the same hash */
    wxs_dns_query *query;  /* NULL once answered */
    wxs_dns_answer *answer;
    int64_t asked_at; /* monotonic ms */
    int64_t good_until;
    wxs_dns_wait *first;
    uint16_t type;
    bool unchecked;
    bool listed;  /* in its bucket */
    bool telling; /* its waiters are being told, it frees itself after that */
    char name[];
};

struct wxs_dns_cache {
    wxs_loop *loop;
    wxs_dns_resolver resolver;
    wxs_timer sweep;
    size_t count;
    unsigned long asked;
    wxs_cache_entry *bucket[BUCKETS];
};

/* ---- entries ---- */

static size_t
hash(const char *name, uint16_t type)
{
    uint32_t h = 2166136261U ^ type; /* FNV-1a */

    for (; *name != '\0'; name++) {
        h = (h ^ (unsigned char)*name) * 16777619U;
    }
    return (h ^ h >> 16) % BUCKETS;
}

static void
free_entry(wxs_cache_entry *entry)
{
    if (entry->query != NULL) {
        wxs_dns_cancel(entry->query);
    }
    wxs_dns_answer_free(entry->answer);
    free(entry);
}

static void
unlist(wxs_cache_entry *entry)
{
    wxs_dns_cache *cache = entry->cache;
    wxs_cache_entry **at = &cache->bucket[hash(entry->name, entry->type)];

    if (!entry->listed) {
        return;
    }
    while (*at != entry) {
        at = &(*at)->next;
    }
    *at = entry->next;
    entry->listed = false;
    cache->count--;
}

static wxs_cache_entry *
find_entry(const wxs_dns_cache *cache, const wxs_dns_want *want)
{
    wxs_cache_entry *entry = cache->bucket[hash(want->name, want->type)];

    while (entry != NULL &&
           (entry->type != want->type || entry->unchecked != want->unchecked ||
            strcmp(entry->name, want->name) != 0)) {
        entry = entry->next;
    }
    return entry;
}

/* A new entry in its bucket, without a query yet. */
static wxs_cache_entry *
make_entry(wxs_dns_cache *cache, const wxs_dns_want *want)
{
    size_t size = strlen(want->name) + 1;
    wxs_cache_entry *entry = calloc(1, sizeof *entry + size);

    if (entry == NULL) {
        return NULL;
    }
    wxs_cache_entry **bucket = &cache->bucket[hash(want->name, want->type)];

    entry->cache = cache;
    entry->type = want->type;
    entry->unchecked = want->unchecked;
    memcpy(entry->name, want->name, size);
    entry->asked_at = wxs_monotonic_ms();
    entry->next = *bucket;
    *bucket = entry;
    entry->listed = true;
    cache->count++;
    return entry;
}

static void
on_sweep(void *data)
{
    wxs_dns_cache *cache = data;
    int64_t now = wxs_monotonic_ms();

    for (size_t i = 0; i < BUCKETS; i++) {
        wxs_cache_entry *next;

        for (wxs_cache_entry *entry = cache->bucket[i]; entry != NULL;
             entry = next) {
            next = entry->next;
            if (entry->query == NULL && entry->good_until <= now) {
                unlist(entry);
                free_entry(entry);
            }
        }
    }
    (void)wxs_loop_arm(cache->loop, &cache->sweep, SWEEP_MS);
}

/* ---- answers ---- */

/* How long the answer may be kept. */
static int64_t
keep_ms(const wxs_dns_answer *answer)
{
    if (answer == NULL || !wxs_dns_definite(answer->outcome)) {
        return 0;
    }
    uint32_t most =
        answer->count > 0 ? WXS_DNS_CACHE_POSITIVE_S : WXS_DNS_CACHE_NEGATIVE_S;

    return INT64_C(1000) * (answer->ttl < most ? answer->ttl : most);
}

static void
take_out(wxs_dns_wait *wait)
{
    wxs_cache_entry *entry = wait->entry;

    *(wait->before == NULL ? &entry->first : &wait->before->next) = wait->next;
    if (wait->next != NULL) {
        wait->next->before = wait->before;
    }
    wait->entry = NULL;
}

static void
on_answer(void *data, wxs_dns_answer *answer)
{
    wxs_cache_entry *entry = data;
    int64_t keep = keep_ms(answer);
    wxs_dns_wait *wait;

    entry->query = NULL;
    entry->answer = answer;
    entry->good_until = wxs_monotonic_ms() + keep;
    if (keep == 0 || entry->cache->count > ENTRIES_MAX) {
        unlist(entry); /* who asks from now on begins anew */
    }
    entry->telling = true;
    while ((wait = entry->first) != NULL) {
        take_out(wait);
        wait->done(wait->data, wxs_dns_answer_share(answer));
    }
    entry->telling = false;
    if (!entry->listed) {
        free_entry(entry);
    }
}

/* ---- asking ---- */

static bool
start(wxs_cache_entry *entry)
{
    wxs_dns_cache *cache = entry->cache;
    bool is_ns = entry->type == LDNS_RR_TYPE_NS;
    const wxs_dns_question question = {.name = entry->name,
                                       .type = entry->type,
                                       .server = *cache->resolver.address,
                                       .server_length = cache->resolver.length,
                                       .gate = cache->resolver.gate,
                                       .datagram_ms = is_ns ? TRY_MS : 0,
                                       .total_ms =
                                           is_ns ? DELEGATION_MS : OTHER_MS,
                                       .recursive = true,
                                       .dnssec = true,
                                       .unchecked = entry->unchecked};

    entry->query = wxs_dns_ask(cache->loop, &question, on_answer, entry);
    cache->asked++;
    return entry->query != NULL;
}

bool
wxs_dns_cache_ask(wxs_dns_cache *cache, const wxs_dns_want *want,
                  wxs_dns_wait *wait, wxs_dns_answer **answer)
{
    wxs_cache_entry *entry = find_entry(cache, want);

    *answer = NULL;
    if (entry != NULL && entry->query == NULL) {
        if (entry->good_until > wxs_monotonic_ms() &&
            entry->asked_at >= want->since) {
            *answer = wxs_dns_answer_share(entry->answer);
            return true;
        }
        unlist(entry);
        if (!entry->telling) {
            free_entry(entry);
        }
        entry = NULL;
    }
    if (entry == NULL) {
        entry = make_entry(cache, want);
        if (entry == NULL) {
            return true;
        }
        if (!start(entry)) {
            unlist(entry);
            free_entry(entry);
            return true;
        }
    }
    wait->entry = entry;
    wait->before = NULL;
    wait->next = entry->first;
    if (entry->first != NULL) {
        entry->first->before = wait;
    }
    entry->first = wait;
    return false;
}

bool
wxs_dns_cache_held_up(const wxs_dns_wait *wait)
{
    return wait->entry != NULL && wait->entry->query != NULL &&
           wxs_dns_waits(wait->entry->query);
}

void
wxs_dns_cache_forget(wxs_dns_wait *wait)
{
    if (wait->entry != NULL) {
        take_out(wait);
    }
}

/* ---- the whole ---- */

unsigned long
wxs_dns_cache_asked(const wxs_dns_cache *cache)
{
    return cache->asked;
}

wxs_dns_cache *
wxs_dns_cache_new(wxs_loop *loop, const wxs_dns_resolver *resolver)
{
    wxs_dns_cache *cache = calloc(1, sizeof *cache);

    if (cache == NULL) {
        return NULL;
    }
    cache->loop = loop;
    cache->resolver = *resolver;
    cache->sweep = (wxs_timer){.fire = on_sweep, .data = cache};
    if (!wxs_loop_arm(loop, &cache->sweep, SWEEP_MS)) {
        free(cache);
        return NULL;
    }
    return cache;
}

void
wxs_dns_cache_free(wxs_dns_cache *cache)
{
    if (cache == NULL) {
        return;
    }
    wxs_loop_disarm(cache->loop, &cache->sweep);
    for (size_t i = 0; i < BUCKETS; i++) {
        while (cache->bucket[i] != NULL) {
            wxs_cache_entry *entry = cache->bucket[i];

            cache->bucket[i] = entry->next;
            free_entry(entry);
        }
    }
    free(cache);
}
