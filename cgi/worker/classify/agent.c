#include "agent.h"

#include <string.h>

#include "siphash.h"

/* Browsers before these came out before 2017. */
#define CHROME_MIN  50
#define FIREFOX_MIN 50

struct search {
    const wxs_agent_list *list;
    const char *text;
    size_t len;
    wxs_agent agent;
    uint8_t machine_length; /* of the longest pattern so far */
    uint32_t kinds;         /* bits of wxs_agent_kind */
};

static bool
is_word(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
           (c >= 'A' && c <= 'Z');
}

/* Does the pattern, found in lower case before end, really fit there? */
static bool
fits(const wxs_agent_pattern *pattern, const struct search *s, size_t end)
{
    size_t start = end - pattern->length;
    uint8_t flags = pattern->flags;

    if ((flags & WXS_AGENT_ANY_CASE) == 0 &&
        memcmp(s->text + start, pattern->text, pattern->length) != 0)
        return false;
    if ((flags & WXS_AGENT_BEGIN) != 0 && start != 0)
        return false;
    if ((flags & WXS_AGENT_END) != 0 && end != s->len)
        return false;
    if ((flags & WXS_AGENT_WORD_BEGIN) != 0 && start > 0 &&
        is_word(s->text[start - 1]))
        return false;
    return (flags & WXS_AGENT_WORD_END) == 0 || end == s->len ||
           !is_word(s->text[end]);
}

static void
note(struct search *s, const wxs_agent_pattern *pattern)
{
    s->kinds |= UINT32_C(1) << pattern->kind;
    if (pattern->kind == WXS_AGENT_CLIENT)
        s->agent.client = pattern->name;
    else if (pattern->kind == WXS_AGENT_PROXY &&
             strcmp(s->list->names[pattern->name], "apple") == 0)
        s->agent.is_bare = true;
    else if (pattern->kind == WXS_AGENT_PROXY)
        s->agent.is_proxy = true;
    else if (pattern->kind >= WXS_AGENT_LIBRARY &&
             pattern->length > s->machine_length) {
        s->agent.machine = pattern->kind;
        s->machine_length = pattern->length;
    }
}

static bool
found(void *data, uint16_t text, size_t end)
{
    struct search *s = data;

    for (uint16_t i = text; i != WXS_AUTOMATON_NONE;
         i = s->list->patterns[i].same) {
        const wxs_agent_pattern *pattern = &s->list->patterns[i];

        if (!fits(pattern, s, end))
            continue;
        if (pattern->kind == WXS_AGENT_NOT)
            return false;
        note(s, pattern);
    }
    return true;
}

/* The number behind the word, -1 if there is none. */
static int
version(const char *text, size_t len, const char *word)
{
    const char *at = memmem(text, len, word, strlen(word));
    int number = 0;

    if (at == NULL)
        return -1;
    at += strlen(word);
    if (at == text + len || *at < '0' || *at > '9')
        return -1;
    for (; at < text + len && *at >= '0' && *at <= '9' && number < 10000; at++)
        number = 10 * number + *at - '0';
    return number;
}

static bool
is_older(const char *text, size_t len, const char *word, int least)
{
    int number = version(text, len, word);

    return number >= 0 && number < least;
}

static bool
is_ancient(const char *text, size_t len)
{
    return is_older(text, len, "Chrome/", CHROME_MIN) ||
           is_older(text, len, "Firefox/", FIREFOX_MIN) ||
           (version(text, len, "MSIE ") >= 0 &&
            memmem(text, len, "Trident/7", 9) == NULL);
}

static bool
has(const struct search *s, wxs_agent_kind kind)
{
    return (s->kinds >> kind & 1) != 0;
}

static wxs_device
device(const struct search *s)
{
    if (s->agent.is_bare || s->agent.is_proxy)
        return WXS_DEVICE_PROXY;
    if (s->agent.machine != 0)
        return WXS_DEVICE_OTHER;
    if (has(s, WXS_AGENT_TABLET))
        return WXS_DEVICE_TABLET;
    if (has(s, WXS_AGENT_MOBILE))
        return WXS_DEVICE_MOBILE;
    if (has(s, WXS_AGENT_ANDROID))
        return WXS_DEVICE_TABLET;
    return has(s, WXS_AGENT_DESKTOP) ? WXS_DEVICE_DESKTOP : WXS_DEVICE_UNKNOWN;
}

wxs_agent
wxs_agent_read(const wxs_agent_list *list, const char *agent, size_t len)
{
    struct search s = {.list = list, .text = agent, .len = len};

    s.agent.is_empty = len == 0;
    wxs_automaton_scan(&list->automaton, agent, len, found, &s);
    s.agent.is_app = has(&s, WXS_AGENT_APP);
    s.agent.has_engine = has(&s, WXS_AGENT_ENGINE);
    s.agent.is_ancient = is_ancient(agent, len);
    s.agent.device = (uint8_t)device(&s);
    return s.agent;
}

wxs_agent
wxs_agent_recall(wxs_agent_cache *cache, const wxs_agent_list *list,
                 const char *agent, size_t len, uint64_t *hash)
{
    uint64_t h = wxs_siphash(cache->key, agent, len) | 1; /* 0: not used */
    size_t set = (h >> 1) % WXS_AGENT_SETS, way = 0;
    uint64_t *hashes = cache->sets[set].hash;
    wxs_agent *agents = cache->sets[set].agent, read;

    *hash = h;
    while (way < WXS_AGENT_WAYS && hashes[way] != h)
        way++;
    if (way == 0)
        return agents[0];
    read =
        way < WXS_AGENT_WAYS ? agents[way] : wxs_agent_read(list, agent, len);
    if (way == WXS_AGENT_WAYS)
        way--;
    memmove(hashes + 1, hashes, way * sizeof *hashes);
    memmove(agents + 1, agents, way * sizeof *agents);
    hashes[0] = h;
    agents[0] = read;
    return read;
}
