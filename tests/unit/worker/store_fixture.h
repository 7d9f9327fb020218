#ifndef STORE_FIXTURE_H
#define STORE_FIXTURE_H

/* Events in partitions, put there by the store itself. */

#include "event_parts.h"
#include "event_store.h"
#include "state.h"
#include "store/finalize.h"

#define OK(call) ck_assert_msg(call, "%s", error.text)

static state s;
static wxs_error error;
static wxs_event_store store; /* too large for a stack */

static inline void
store_open(void)
{
    memset(&store, 0, sizeof store);
    store.events = state_open(&s, WXS_DB_EVENTS);
    store.control = state_open(&s, WXS_DB_CONTROL);
    OK(wxs_event_store_open(&store, s.dir, &error));
    OK(wxs_event_store_day(&store, &error));
}

static inline void
store_close(void)
{
    wxs_event_store_close(&store);
    wxs_db_close(store.control);
    wxs_db_close(store.events);
}

/* Two accounts, 3 with the domains 7 and 8, 4 with 9. */
static inline void
store_make(void)
{
    state_make(&s);
    state_exec(
        &s, WXS_DB_CONTROL,
        "INSERT INTO accounts (number, id, name, created_at) VALUES "
        "(3, 'a', 'a', 1), (4, 'b', 'b', 1);"
        "INSERT INTO domains (number, id, account, name, region, return_path,"
        " open_tracking, click_tracking, tls, state, state_since, created_at)"
        " SELECT value, 'd' || value, 3 + (value = 9), value || '.example',"
        " 'us-east-1', 'send', 1, 1, 'opportunistic', 'verified', 1, 1"
        " FROM json_each('[7, 8, 9]')");
    store_open();
}

static inline void
store_remove(void)
{
    store_close();
    state_remove(&s);
}

/* An event of a made-up message (0 = none) and link (0 = an open). */
static inline wxs_event
store_event(uint32_t domain, uint64_t message, unsigned link, int64_t at)
{
    static char url[64];
    wxs_event event = {.time_ms = (uint64_t)at,
                       .type = link > 0 ? WXS_TOKEN_CLICK : WXS_TOKEN_OPEN,
                       .mode = message > 0 ? WXS_MODE_FULL : WXS_MODE_ANONYMOUS,
                       .domain = domain,
                       .address = {1},
                       .link_index = link,
                       .agent = "Mail/1",
                       .agent_len = 6};

    memcpy(event.message_id, &message, sizeof message);
    event.message_id[15] = 1;
    if (link > 0) {
        event.rest = url;
        event.rest_len =
            (size_t)snprintf(url, sizeof url, "https://l.example/%u", link);
    }
    return event;
}

static inline wxs_classification
store_label(wxs_verdict verdict)
{
    return (wxs_classification){.judgement = {verdict, WXS_REASON_BROWSER, 70},
                                .device = WXS_DEVICE_MOBILE,
                                .client = "spark",
                                .country = "DE"};
}

static inline void
store_put(const wxs_event *event, wxs_verdict verdict)
{
    const wxs_classification label = store_label(verdict);
    wxs_event_kept kept;

    OK(wxs_event_store_keep(&store, event, &kept, &error));
    OK(wxs_event_store_put(&store, event, &kept, &label, &error));
}

static inline void
store_begin(void)
{
    OK(wxs_event_store_begin(&store, &error));
}

static inline void
store_commit(void)
{
    OK(wxs_event_store_commit(&store, &error));
}

static inline size_t
count_parts(void)
{
    wxs_part_list list;
    size_t count;

    OK(wxs_part_list_read(&list, s.dir, &error));
    count = list.count;
    wxs_part_list_free(&list);
    return count;
}

/* Counts all that is stored, a new finalizer each time. */
static inline void
finalize_all(void)
{
    wxs_finalizer *finalizer;
    wxs_event_parts *parts;
    int64_t newest;
    bool more = true;

    OK(wxs_event_parts_open(&parts, s.dir, &error));
    OK(wxs_event_parts_newest(parts, &newest, &error));
    wxs_event_parts_close(parts);
    OK(wxs_finalizer_open(&finalizer, s.dir, &error));
    while (more)
        OK(wxs_finalize(finalizer, newest, &more, &error));
    ck_assert_int_eq(wxs_finalizer_cursor(finalizer), newest);
    wxs_finalizer_close(finalizer);
}

#endif
