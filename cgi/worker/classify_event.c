#include "classify_event.h"

#include <string.h>

#include "event_parts.h"

bool
wxs_classify_and_put(wxs_classifier *classifier, wxs_event_store *store,
                     const wxs_event *event, wxs_error *error)
{
    wxs_reclassified changes[WXS_RECLASSIFIED_MAX];
    wxs_classification label;
    wxs_classify_facts facts = {.id = store->part.next_id, .event = event};
    wxs_event_kept kept;
    size_t count;

    if (!wxs_event_store_keep(store, event, &kept, error))
        return false;
    facts.link = kept.link;
    facts.link_len = kept.link_len;
    facts.kept = kept.address;
    facts.kept_len = kept.address_len;
    count = wxs_classify(classifier, &facts, &label, changes);
    if (!wxs_event_store_put(store, event, &kept, &label, error))
        return false;
    for (size_t i = 0; i < count; i++) {
        if (!wxs_event_store_relabel(store, changes[i].id, changes[i].judgement,
                                     error))
            return false;
    }
    return true;
}

/* An event as the journal had it, as far as that is known still. */
static wxs_event
event_of(const wxs_event_row *row)
{
    wxs_event event = {
        .time_ms = (uint64_t)row->at,
        .type = (wxs_token_type)row->type,
        .mode = (wxs_mode)row->mode,
        .flags = (uint16_t)row->flags,
        .link_index = row->link_index < 0 ? 0 : (uint32_t)row->link_index,
        .agent = row->agent != NULL ? row->agent : "",
        .agent_len = row->agent != NULL ? row->agent_len : 0,
    };

    if (row->message != NULL)
        memcpy(event.message_id, row->message, sizeof event.message_id);
    else
        event.mode = WXS_MODE_ANONYMOUS;
    return event;
}

static void
recall(wxs_classifier *classifier, const wxs_event_row *row)
{
    wxs_event event = event_of(row);
    wxs_classify_facts facts = {.id = row->id,
                                .event = &event,
                                .link = row->link,
                                .link_len = row->link_len,
                                .kept = row->address,
                                .kept_len = row->address_len};
    wxs_judgement judgement = {
        .verdict = row->verdict,
        .reason = wxs_reason_of(row->reason),
        .certainty = row->certainty < 0 ? 0 : (uint8_t)row->certainty,
    };

    wxs_classifier_recall(classifier, &facts, judgement);
}

/* No more than the classifier can hold. */
static bool
scan(wxs_classifier *classifier, const wxs_event_store *store,
     wxs_event_parts *parts, wxs_error *error)
{
    wxs_event_filter filter = {.after = store->closed_id, .ascending = true};
    const wxs_event_row *row;
    wxs_event_scan *events;
    int more;

    if (store->part.next_id - filter.after > WXS_CLASSIFIER_EVENTS)
        filter.after = store->part.next_id - WXS_CLASSIFIER_EVENTS;
    if (!wxs_event_scan_begin(parts, &filter, &events, error))
        return false;
    while ((more = wxs_event_scan_next(events, &row, error)) == 1)
        recall(classifier, row);
    wxs_event_scan_end(events);
    return more == 0;
}

bool
wxs_classify_recall(wxs_classifier *classifier, const wxs_event_store *store,
                    wxs_error *error)
{
    wxs_event_parts *parts;
    bool ok;

    wxs_classifier_forget(classifier);
    if (!wxs_event_parts_open(&parts, store->part.dir, error))
        return false;
    ok = scan(classifier, store, parts, error);
    wxs_event_parts_close(parts);
    return ok;
}
