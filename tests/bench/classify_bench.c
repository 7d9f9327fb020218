/* classify_bench [quality|speed|agents] - how well made-up events whose truth
 * is known are told apart, and what it costs an event; with "agents" what
 * clicks by the User-Agents of standard input, one a line, are taken for. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../unit/worker/traffic.h"
#include "../unit/worker/traffic_score.h"
#include "classify/agent.h"
#include "classify/networks.h"
#include "embedded.h"
#include "log.h"

#define SEED      20261125
#define THOUSANDS 20
#define ROUNDS    5

static wxs_config config;

static wxs_classifier *
open_classifier(void)
{
    wxs_error error;
    wxs_classifier *classifier = wxs_classifier_open(&config, &error);

    if (classifier == NULL) {
        (void)fprintf(stderr, "classify_bench: %s\n", error.text);
        exit(1);
    }
    return classifier;
}

static double
now_ns(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* ---- quality ---- */

static void
print_verdicts(const traffic_score *score)
{
    printf("%-10s %9s %9s    called: human  proxy machine unknown\n", "",
           "precision", "recall");
    for (int v = WXS_VERDICT_HUMAN; v <= WXS_VERDICT_MACHINE; v++)
        printf("%-10s %8.2f%% %8.2f%%         %7zu %6zu %7zu %7zu\n",
               wxs_verdict_name((wxs_verdict)v),
               100 * traffic_precision(score, (wxs_verdict)v),
               100 * traffic_recall(score, (wxs_verdict)v),
               score->cells[v][WXS_VERDICT_HUMAN],
               score->cells[v][WXS_VERDICT_PROXY],
               score->cells[v][WXS_VERDICT_MACHINE],
               score->cells[v][WXS_VERDICT_UNKNOWN]);
}

static void
print_actors(const traffic_score *score)
{
    printf("\n%-42s %7s %8s\n", "", "events", "right");
    for (size_t a = 0; a < TRAFFIC_ACTORS; a++)
        printf("%-42s %7zu %7.1f%%\n", traffic_actors[a].name,
               score->actors[a].events,
               100.0 * (double)score->actors[a].right /
                   (double)score->actors[a].events);
}

static void
quality(const traffic *t)
{
    wxs_classifier *classifier = open_classifier();
    wxs_judgement *judgements = calloc(t->count, sizeof *judgements);
    traffic_score score;

    if (judgements == NULL)
        exit(1);
    for (size_t i = 0; i < t->count; i++)
        (void)traffic_classify(classifier, t, i, judgements);
    score = traffic_score_of(t, judgements);
    printf("classification of %zu made-up events (seed %d; hard cases "
           "included)\n",
           t->count, SEED);
    print_verdicts(&score);
    print_actors(&score);
    free(judgements);
    wxs_classifier_close(classifier);
}

/* ---- speed ---- */

static double
time_all(const traffic *t, wxs_judgement *judgements)
{
    double best = 1e12;

    for (int round = 0; round < ROUNDS; round++) {
        wxs_classifier *classifier = open_classifier();
        double start = now_ns(), ns;

        for (size_t i = 0; i < t->count; i++)
            (void)traffic_classify(classifier, t, i, judgements);
        ns = (now_ns() - start) / (double)t->count;
        best = ns < best ? ns : best;
        wxs_classifier_close(classifier);
    }
    return best;
}

static const char *
embedded(const char *path)
{
    const struct wxs_embedded *file = wxs_embedded_files;

    while (strcmp(file->path, path) != 0)
        file++;
    return file->data;
}

static double
time_networks(const traffic *t)
{
    wxs_network_table table;
    wxs_error error;
    double start;
    size_t found = 0;

    if (!wxs_network_table_parse(embedded("conf/networks.txt"), &table, &error))
        exit(1);
    start = now_ns();
    for (int round = 0; round < ROUNDS; round++) {
        for (size_t i = 0; i < t->count; i++)
            found += wxs_network_find(&table, t->events[i].address) != NULL;
    }
    start = (now_ns() - start) / (double)(ROUNDS * t->count);
    wxs_network_table_free(&table);
    return found > 0 ? start : 0;
}

static double
time_agents(const traffic *t)
{
    wxs_agent_list list;
    wxs_error error;
    double start;
    size_t machines = 0;

    if (!wxs_agent_list_parse(embedded("conf/agents.txt"), &list, &error))
        exit(1);
    start = now_ns();
    for (size_t i = 0; i < t->count; i++)
        machines += wxs_agent_read(&list, t->events[i].agent,
                                   strlen(t->events[i].agent))
                        .machine != 0;
    start = (now_ns() - start) / (double)t->count;
    wxs_agent_list_free(&list);
    return machines > 0 ? start : 0;
}

/* Attacks: one message over and over, a new message each, a new agent each. */
static void
flood(traffic *t, const char *what)
{
    for (size_t i = 0; i < t->count; i++) {
        traffic_event *e = &t->events[i];

        e->type = WXS_TOKEN_CLICK;
        e->time_ms = t->events[0].time_ms + i / 100;
        if (strcmp(what, "message") == 0)
            memset(e->message, 7, sizeof e->message);
        else
            memcpy(e->message, &i, sizeof i);
        if (strcmp(what, "agent") == 0)
            (void)snprintf(e->agent, sizeof e->agent,
                           "Mozilla/5.0 (X11; Linux x86_64; %zu) "
                           "AppleWebKit/537.36 (KHTML, like Gecko) "
                           "Chrome/%zu.0.0.0 Safari/537.36",
                           i * 7919, i);
    }
}

static void
speed(traffic *t)
{
    wxs_judgement *judgements = calloc(t->count, sizeof *judgements);

    if (judgements == NULL)
        exit(1);
    printf("\nclassification, CPU ns an event (best of %d)\n", ROUNDS);
    printf("%-42s %7.0f\n", "all of it", time_all(t, judgements));
    printf("%-42s %7.0f\n", "  looking up an address", time_networks(t));
    printf("%-42s %7.0f\n", "  reading an agent that is not remembered",
           time_agents(t));
    flood(t, "messages");
    printf("%-42s %7.0f\n", "flood: a new message each",
           time_all(t, judgements));
    flood(t, "message");
    printf("%-42s %7.0f\n", "flood: one message", time_all(t, judgements));
    flood(t, "agent");
    printf("%-42s %7.0f\n", "flood: a new message and agent each",
           time_all(t, judgements));
    free(judgements);
}

/* ---- agents ---- */

static void
agents(void)
{
    size_t counts[WXS_VERDICTS][WXS_REASONS] = {{0}};
    wxs_classifier *classifier = open_classifier();
    wxs_reclassified changes[WXS_RECLASSIFIED_MAX];
    wxs_classification result;
    char line[4096];

    for (int64_t id = 1; fgets(line, sizeof line, stdin) != NULL; id++) {
        size_t len = strcspn(line, "\r\n");
        wxs_event event = {
            .type = WXS_TOKEN_CLICK,
            .mode = WXS_MODE_FULL,
            .agent = line,
            .agent_len = len < WXS_EVENT_AGENT_MAX ? len : WXS_EVENT_AGENT_MAX};
        wxs_classify_facts facts = {.id = id, .event = &event};

        memcpy(event.message_id, &id, sizeof id);
        (void)wxs_classify(classifier, &facts, &result, changes);
        counts[result.judgement.verdict][result.judgement.reason]++;
    }
    for (int v = 0; v < WXS_VERDICTS; v++)
        for (int r = 0; r < WXS_REASONS; r++)
            if (counts[v][r] > 0)
                printf("%7zu %s %s\n", counts[v][r],
                       wxs_verdict_name((wxs_verdict)v),
                       wxs_reason_name((wxs_reason)r));
    wxs_classifier_close(classifier);
}

int
main(int argc, char **argv)
{
    traffic t;

    if (argc > 1 && strcmp(argv[1], "agents") == 0) {
        agents();
        return 0;
    }
    t = traffic_make(SEED, THOUSANDS);
    if (argc < 2 || strcmp(argv[1], "quality") == 0)
        quality(&t);
    if (argc < 2 || strcmp(argv[1], "speed") == 0)
        speed(&t);
    free(t.events);
    return 0;
}
