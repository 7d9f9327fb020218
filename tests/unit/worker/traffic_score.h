#ifndef TEST_TRAFFIC_SCORE_H
#define TEST_TRAFFIC_SCORE_H

#include "classify/classifier.h"
#include "traffic.h"

/* Classifies made-up traffic and counts what was right. */

#define TRAFFIC_HOLD 30000 /* ms: events.hold */

typedef struct {
    size_t cells[WXS_VERDICTS][WXS_VERDICTS]; /* [truth][verdict] */
    struct {
        size_t events, right;
    } actors[TRAFFIC_ACTORS];
    size_t changes; /* verdicts that changed while they could */
} traffic_score;

static wxs_event
traffic_event_of(const traffic_event *from)
{
    wxs_event event = {
        .time_ms = from->time_ms,
        .type = from->type,
        .mode = WXS_MODE_FULL,
        .flags = from->flags,
        .domain = 1,
        .link_index = from->link_index,
        .prefix = "",
        .rest = from->link,
        .rest_len = strlen(from->link),
        .agent = from->agent,
        .agent_len = strlen(from->agent),
    };

    memcpy(event.message_id, from->message, sizeof event.message_id);
    memcpy(event.address, from->address, sizeof event.address);
    return event;
}

/* Gives the event i the id i + 1; its judgement and those that change with it
 * go to judgements. */
static size_t
traffic_classify(wxs_classifier *classifier, const traffic *t, size_t i,
                 wxs_judgement *judgements)
{
    wxs_event event = traffic_event_of(&t->events[i]);
    wxs_classify_facts facts = {.id = (int64_t)i + 1,
                                .event = &event,
                                .link = event.rest_len > 0 ? event.rest : NULL,
                                .link_len = event.rest_len,
                                .kept = event.address,
                                .kept_len = sizeof event.address};
    wxs_reclassified changes[WXS_RECLASSIFIED_MAX];
    wxs_classification result;
    size_t count = wxs_classify(classifier, &facts, &result, changes);

    judgements[i] = result.judgement;
    for (size_t k = 0; k < count; k++) {
        size_t other = (size_t)changes[k].id - 1;

        /* one that is final stays */
        if (t->events[other].collected + TRAFFIC_HOLD > t->events[i].collected)
            judgements[other] = changes[k].judgement;
    }
    return count;
}

static traffic_score
traffic_score_of(const traffic *t, const wxs_judgement *judgements)
{
    traffic_score score = {0};

    for (size_t i = 0; i < t->count; i++) {
        const traffic_event *e = &t->events[i];

        score.cells[e->truth][judgements[i].verdict]++;
        score.actors[e->actor].events++;
        score.actors[e->actor].right += judgements[i].verdict == e->truth;
    }
    return score;
}

/* Of those called so, how many are so; of those that are so, how many are
 * called so. */
static double
traffic_precision(const traffic_score *score, wxs_verdict verdict)
{
    size_t called = 0;

    for (int truth = 0; truth < WXS_VERDICTS; truth++)
        called += score->cells[truth][verdict];
    return called == 0
               ? 0
               : (double)score->cells[verdict][verdict] / (double)called;
}

static double
traffic_recall(const traffic_score *score, wxs_verdict verdict)
{
    size_t are = 0;

    for (int called = 0; called < WXS_VERDICTS; called++)
        are += score->cells[verdict][called];
    return are == 0 ? 0 : (double)score->cells[verdict][verdict] / (double)are;
}

#endif
