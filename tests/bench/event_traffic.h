#ifndef EVENT_TRAFFIC_H
#define EVENT_TRAFFIC_H

/* Made-up events for benchmarks: spread over 30 days, 1,000 domains of 100
 * accounts, 7 opens to 3 clicks, 2,000 agents, 20 links a campaign of 2,000
 * messages. Two of five events bring a new message, and an event is of one of
 * the last million messages, every tenth of any of the last thirty. */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "journal_write.h"

#define DOMAINS  1000
#define ACCOUNTS 100
#define CAMPAIGN 2000
#define DAYS     30
#define MS_A_DAY 86400000
#define RECENT   1000000
#define LONG_AGO 30000000

static int64_t made, sent, planned, start_ms;
static uint64_t state = 1;

/* SplitMix64 (Steele, Lea, Flood, 2014) */
static uint64_t
mix(uint64_t x)
{
    x += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

static uint64_t
below(uint64_t limit)
{
    return mix(state++) % limit;
}

static int64_t
time_of(int64_t event)
{
    return start_ms +
           (int64_t)((double)event / (double)planned * DAYS * MS_A_DAY);
}

/* Message n, sent in order of the numbers. */
static void
message_id(int64_t n, uint8_t id[16])
{
    uint64_t ms = (uint64_t)time_of(n * 5 / 2), rest = mix((uint64_t)n);

    for (int i = 0; i < 6; i++)
        id[i] = (uint8_t)(ms >> (40 - 8 * i));
    memcpy(id + 6, &rest, 8);
    memcpy(id + 14, &n, 2);
    id[6] = (uint8_t)((id[6] & 0x0f) | 0x70);
    id[8] = (uint8_t)((id[8] & 0x3f) | 0x80);
}

static uint32_t
domain_of(int64_t message)
{
    return 1 + (uint32_t)(mix((uint64_t)(message / CAMPAIGN)) % DOMAINS);
}

static int64_t
any_message(void)
{
    int64_t newest = made * 2 / 5 + 1;
    uint64_t back = below(10) == 0 ? below(LONG_AGO) : below(RECENT);

    return newest - (int64_t)(back % (uint64_t)newest);
}

static void
append(wxs_journal_writer *writer, int64_t at)
{
    static char rest[128], agent[160];
    static const char base[] = "https://";
    int64_t message = any_message();
    bool is_click = below(10) < 3;
    wxs_event event = {.time_ms = (uint64_t)at,
                       .type = is_click ? WXS_TOKEN_CLICK : WXS_TOKEN_OPEN,
                       .mode = WXS_MODE_FULL,
                       .domain = domain_of(message)};
    uint64_t address = below(UINT32_MAX);

    message_id(message, event.message_id);
    event.address[10] = event.address[11] = 0xff;
    memcpy(event.address + 12, &address, 4);
    event.agent = agent;
    event.agent_len = (size_t)snprintf(
        agent, sizeof agent,
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko)"
        " Chrome/1%" PRIu64 ".0.0.0 Safari/537.36",
        below(2000));
    if (is_click) {
        event.link_index = (uint32_t)below(20);
        event.prefix = base;
        event.prefix_len = 8;
        event.rest = rest;
        event.rest_len = (size_t)snprintf(
            rest, sizeof rest, "www.example.org/%" PRId64 "/offer/%u?src=mail",
            message / CAMPAIGN, event.link_index);
    }
    if (wxs_journal_append(writer, &event) != WXS_OK)
        exit(1);
    made++;
}

#endif
