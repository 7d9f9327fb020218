#include "classifier.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "agent.h"
#include "crc32c.h"
#include "embedded.h"
#include "judge.h"
#include "log.h"
#include "networks.h"
#include "recent.h"
#include "siphash.h"

#define FILE_MAX  (8 * 1024 * 1024)
#define MAPPED    12 /* bytes before the IPv4 address in a mapped one */
#define IPV4_KEPT 15 /* bytes of a network: a /24 */
#define IPV6_KEPT 6  /* a /48 */
#define ADDRESS   16

_Static_assert(WXS_CLASSIFIER_EVENTS == WXS_RECENT_SLOTS, "as it says");
_Static_assert(WXS_RECLASSIFIED_MAX >= WXS_NEIGHBOURS_MAX, "room for all");

struct wxs_classifier {
    wxs_agent_list agents;
    wxs_network_table own; /* the operator's: goes before the other */
    wxs_network_table networks;
    wxs_country country;
    bool complained; /* about the database of countries */
    wxs_agent_cache cache;
    wxs_recent recent;
};

/* ---- opening ---- */

static const char *
embedded(const char *path)
{
    const struct wxs_embedded *file = wxs_embedded_files;

    while (file->path != NULL && strcmp(file->path, path) != 0)
        file++;
    return file->path != NULL ? file->data : "";
}

/* The whole file as text, to be freed; NULL with the reason. */
static char *
read_file(const char *path, wxs_error *error)
{
    FILE *file = fopen(path, "re");
    char *text = NULL;
    size_t length = 0;

    if (file == NULL) {
        (void)wxs_fail(error, "%s cannot be read: %s", path, strerror(errno));
        return NULL;
    }
    text = malloc(FILE_MAX + 1);
    if (text != NULL)
        length = fread(text, 1, FILE_MAX, file);
    if (text == NULL || ferror(file) || !feof(file) ||
        memchr(text, '\0', length) != NULL) {
        (void)wxs_fail(error, "%s is no text of at most %d bytes", path,
                       FILE_MAX);
        free(text);
        text = NULL;
    } else {
        text[length] = '\0';
    }
    (void)fclose(file);
    return text;
}

static void
load_own_networks(wxs_classifier *c, const char *path)
{
    wxs_error why = {""};
    char *text;
    bool ok;

    if (path[0] == '\0')
        return;
    text = read_file(path, &why);
    ok = text != NULL && wxs_network_table_parse(text, &c->own, &why);
    free(text);
    if (!ok)
        wxs_log(WXS_LOG_ERROR, "events.networks is not used", "file", path,
                "reason", why.text, NULL);
}

static bool
load(wxs_classifier *c, wxs_error *error)
{
    if (getrandom(c->cache.key, sizeof c->cache.key, 0) !=
            sizeof c->cache.key ||
        !wxs_recent_init(&c->recent))
        return wxs_fail(error, "there is no memory to classify events with");
    return wxs_agent_list_parse(embedded("conf/agents.txt"), &c->agents,
                                error) &&
           wxs_network_table_parse(embedded("conf/networks.txt"), &c->networks,
                                   error);
}

wxs_classifier *
wxs_classifier_open(const wxs_config *config, wxs_error *error)
{
    wxs_classifier *c = calloc(1, sizeof *c);

    if (c == NULL) {
        (void)wxs_fail(error, "there is no memory to classify events with");
        return NULL;
    }
    (void)snprintf(c->country.path, sizeof c->country.path, "%s",
                   config->events.geoip);
    if (!load(c, error)) {
        wxs_classifier_close(c);
        return NULL;
    }
    load_own_networks(c, config->events.networks);
    wxs_classifier_refresh(c);
    return c;
}

void
wxs_classifier_refresh(wxs_classifier *classifier)
{
    wxs_error error;
    bool ok = wxs_country_refresh(&classifier->country, &error);

    if (!ok && !classifier->complained)
        wxs_log(WXS_LOG_WARN, "events get no country, or that of an older file",
                "reason", error.text, NULL);
    classifier->complained = !ok;
}

void
wxs_classifier_close(wxs_classifier *classifier)
{
    if (classifier == NULL)
        return;
    wxs_agent_list_free(&classifier->agents);
    wxs_network_table_free(&classifier->own);
    wxs_network_table_free(&classifier->networks);
    wxs_country_close(&classifier->country);
    wxs_recent_free(&classifier->recent);
    free(classifier);
}

/* ---- an event ---- */

static bool
has_address(const wxs_event *event)
{
    static const uint8_t none[ADDRESS];

    return memcmp(event->address, none, ADDRESS) != 0;
}

/* Events of modes that are meant to be known: a message, an agent. */
static bool
has_person(const wxs_event *event)
{
    return event->mode == WXS_MODE_PSEUDONYMOUS || event->mode == WXS_MODE_FULL;
}

static const wxs_network_note *
find_network(const wxs_classifier *c, const wxs_event *event)
{
    const wxs_network_note *note;

    if (!has_address(event))
        return NULL;
    note = wxs_network_find(&c->own, event->address);
    return note != NULL ? note : wxs_network_find(&c->networks, event->address);
}

/* A number for the network of an address, from what is stored of it, so that a
 * stored event gives the same: a whole address is cut, a hash is of a cut one
 * already. */
static uint64_t
source_of(const wxs_classifier *c, const uint8_t *kept, size_t len)
{
    static const uint8_t mapped[MAPPED] = {[10] = 0xff, [11] = 0xff};

    if (len == ADDRESS)
        len = memcmp(kept, mapped, MAPPED) == 0 ? IPV4_KEPT : IPV6_KEPT;
    return len == 0 ? 0 : wxs_siphash(c->cache.key, kept, len) | 1;
}

static wxs_neighbour
neighbour_of(const wxs_classifier *c, const wxs_classify_facts *facts,
             uint64_t agent, wxs_judgement judgement)
{
    const wxs_event *event = facts->event;
    wxs_neighbour n = {
        .time_ms = event->time_ms,
        .source = source_of(c, facts->kept, facts->kept_len),
        .agent = agent,
        .link_index = event->link_index,
        .judgement = judgement,
        .is_open = event->type == WXS_TOKEN_OPEN,
    };

    if (!n.is_open && facts->link != NULL)
        n.link = (uint64_t)facts->link_len << 32 |
                 wxs_crc32c(0, facts->link, facts->link_len);
    else if (!n.is_open)
        n.link = event->link_index;
    return n;
}

static size_t
judge_neighbours(wxs_classifier *c, wxs_recent_event *newest,
                 wxs_reclassified *changes)
{
    wxs_recent_event *others[WXS_NEIGHBOURS_MAX];
    wxs_neighbour *neighbours[WXS_NEIGHBOURS_MAX];
    size_t number = 0, count = wxs_recent_others(&c->recent, newest, others);
    uint64_t changed;

    if (count == 0)
        return 0;
    for (size_t i = 0; i < count; i++)
        neighbours[i] = &others[i]->neighbour;
    changed = wxs_neighbours_judge(&newest->neighbour, neighbours, count);
    for (size_t i = 0; i < count; i++) {
        if ((changed >> (i + 1) & 1) != 0)
            changes[number++] = (wxs_reclassified){
                others[i]->id, others[i]->neighbour.judgement};
    }
    return number;
}

size_t
wxs_classify(wxs_classifier *classifier, const wxs_classify_facts *facts,
             wxs_classification *result,
             wxs_reclassified changes[WXS_RECLASSIFIED_MAX])
{
    const wxs_event *event = facts->event;
    wxs_judge_facts self = {
        .type = event->type, .mode = event->mode, .flags = event->flags};
    wxs_neighbour neighbour;
    wxs_recent_event *newest;
    uint64_t agent = 0;
    size_t count;

    *result = (wxs_classification){0};
    if (has_person(event)) {
        self.agent = wxs_agent_recall(&classifier->cache, &classifier->agents,
                                      event->agent, event->agent_len, &agent);
        self.from = find_network(classifier, event);
        result->device = (wxs_device)self.agent.device;
        if (self.agent.client != 0)
            result->client = classifier->agents.names[self.agent.client];
        if (has_address(event))
            wxs_country_find(&classifier->country, event->address,
                             result->country);
    }
    result->judgement = wxs_judge(&self);
    if (!has_person(event) || event->type == WXS_TOKEN_UNSUBSCRIBE)
        return 0;
    neighbour = neighbour_of(classifier, facts, agent, result->judgement);
    newest = wxs_recent_add(&classifier->recent, facts->id, event->message_id,
                            &neighbour);
    count = judge_neighbours(classifier, newest, changes);
    result->judgement = newest->neighbour.judgement;
    return count;
}

void
wxs_classifier_recall(wxs_classifier *classifier,
                      const wxs_classify_facts *facts, wxs_judgement judgement)
{
    const wxs_event *event = facts->event;
    wxs_neighbour neighbour;

    if (!has_person(event) || event->type == WXS_TOKEN_UNSUBSCRIBE)
        return;
    neighbour = neighbour_of(
        classifier, facts,
        wxs_siphash(classifier->cache.key, event->agent, event->agent_len) | 1,
        judgement);
    (void)wxs_recent_add(&classifier->recent, facts->id, event->message_id,
                         &neighbour);
}

void
wxs_classifier_forget(wxs_classifier *classifier)
{
    wxs_recent_clear(&classifier->recent);
}
