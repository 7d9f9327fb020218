#include "agent_list.h"

#include <stdlib.h>
#include <string.h>

#include "list_line.h"

#define FIELDS 3

static bool
parse_kind(const char *word, uint8_t *kind)
{
    static const char *const names[WXS_AGENT_KINDS] = {
        [WXS_AGENT_NOT] = "not",
        [WXS_AGENT_CLIENT] = "client",
        [WXS_AGENT_APP] = "app",
        [WXS_AGENT_ENGINE] = "engine",
        [WXS_AGENT_MOBILE] = "mobile",
        [WXS_AGENT_ANDROID] = "android",
        [WXS_AGENT_TABLET] = "tablet",
        [WXS_AGENT_DESKTOP] = "desktop",
        [WXS_AGENT_PROXY] = "proxy",
        [WXS_AGENT_LIBRARY] = "library",
        [WXS_AGENT_AUTOMATION] = "automation",
        [WXS_AGENT_SCANNER] = "scanner",
        [WXS_AGENT_CRAWLER] = "crawler",
        [WXS_AGENT_PREVIEW] = "preview",
        [WXS_AGENT_MONITOR] = "monitor",
        [WXS_AGENT_FEED] = "feed",
    };

    for (uint8_t i = 0; i < WXS_AGENT_KINDS; i++) {
        if (strcmp(word, names[i]) == 0) {
            *kind = i;
            return true;
        }
    }
    return false;
}

/* The number of the name, a new one if it is not there yet. */
static bool
find_name(wxs_agent_list *list, const char *name, uint8_t *number)
{
    for (size_t i = 0; i < list->names_count; i++) {
        if (strcmp(list->names[i], name) == 0) {
            *number = (uint8_t)i;
            return true;
        }
    }
    if (list->names_count == WXS_AGENT_CLIENTS_MAX ||
        strlen(name) >= WXS_AGENT_NAME)
        return false;
    *number = (uint8_t)list->names_count;
    memcpy(list->names[list->names_count++], name, strlen(name) + 1);
    return true;
}

static bool
take_prefix(const char **at, const char *prefix)
{
    size_t length = strlen(prefix);

    if (strncmp(*at, prefix, length) != 0)
        return false;
    *at += length;
    return true;
}

/* Reads a byte of the text; false at what ends it. */
static bool
take_byte(const char **at, char *byte)
{
    if (**at == '\0' || strcmp(*at, "$") == 0 || strcmp(*at, "\\b") == 0)
        return false;
    if (take_prefix(at, "\\s")) {
        *byte = ' ';
        return true;
    }
    if (**at == '\\' && strchr("\\^$", (*at)[1]) != NULL && (*at)[1] != '\0')
        (*at)++;
    else if (**at == '\\')
        return false;
    *byte = *(*at)++;
    return true;
}

static bool
parse_pattern(const char *at, wxs_agent_pattern *pattern)
{
    size_t length = 0;
    char byte;

    pattern->flags = take_prefix(&at, "(?i)") ? WXS_AGENT_ANY_CASE : 0;
    if (take_prefix(&at, "^"))
        pattern->flags |= WXS_AGENT_BEGIN;
    else if (take_prefix(&at, "\\b"))
        pattern->flags |= WXS_AGENT_WORD_BEGIN;
    while (take_byte(&at, &byte)) {
        if (length == sizeof pattern->text - 1)
            return false;
        pattern->text[length++] = byte;
    }
    pattern->text[length] = '\0';
    pattern->length = (uint8_t)length;
    if (take_prefix(&at, "$"))
        pattern->flags |= WXS_AGENT_END;
    else if (take_prefix(&at, "\\b"))
        pattern->flags |= WXS_AGENT_WORD_END;
    return length > 0 && *at == '\0';
}

static bool
read_patterns(const char *text, wxs_agent_list *list, wxs_error *error)
{
    wxs_list_line line = {0};

    while (wxs_list_next(&text, &line)) {
        wxs_agent_pattern *pattern = &list->patterns[list->count];

        if (list->count == WXS_AGENT_PATTERNS_MAX)
            return wxs_fail(error, "line %zu: at most %d patterns are allowed",
                            line.number, WXS_AGENT_PATTERNS_MAX);
        if (line.count != FIELDS ||
            !parse_kind(line.field[0], &pattern->kind) ||
            !find_name(list, line.field[1], &pattern->name) ||
            !parse_pattern(line.field[2], pattern))
            return wxs_fail(error,
                            "line %zu: expected is \"KIND NAME PATTERN\", such "
                            "as \"scanner - AcmeScan/\"",
                            line.number);
        pattern->same = WXS_AUTOMATON_NONE;
        list->count++;
    }
    return true;
}

/* ---- texts of the automaton ---- */

struct lower {
    char text[sizeof(((wxs_agent_pattern *)0)->text)];
    uint16_t pattern;
};

static int
compare(const void *a, const void *b)
{
    const struct lower *x = a, *y = b;
    int order = strcmp(x->text, y->text);

    return order != 0 ? order
                      : (x->pattern > y->pattern) - (x->pattern < y->pattern);
}

static void
make_lower(const wxs_agent_pattern *pattern, struct lower *lower)
{
    for (size_t i = 0; i <= pattern->length; i++) {
        char c = pattern->text[i];

        lower->text[i] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
    }
}

/* Chains the patterns that are the same in lower case, and brings the first of
 * each chain to the front, in the order of the automaton's texts. */
static bool
build(wxs_agent_list *list, struct lower *lower, const char **texts,
      wxs_agent_pattern *sorted)
{
    size_t count = 0, rest = list->count;

    for (size_t i = 0; i < list->count; i++) {
        lower[i].pattern = (uint16_t)i;
        make_lower(&list->patterns[i], &lower[i]);
    }
    qsort(lower, list->count, sizeof *lower, compare);
    for (size_t i = 0; i < list->count; i++) {
        const wxs_agent_pattern *pattern = &list->patterns[lower[i].pattern];

        if (count > 0 && strcmp(texts[count - 1], lower[i].text) == 0) {
            sorted[--rest] = *pattern;
            sorted[rest].same = sorted[count - 1].same;
            sorted[count - 1].same = (uint16_t)rest;
        } else {
            texts[count] = lower[i].text;
            sorted[count++] = *pattern;
        }
    }
    memcpy(list->patterns, sorted, list->count * sizeof *sorted);
    return wxs_automaton_build(&list->automaton, texts, count);
}

static bool
build_automaton(wxs_agent_list *list)
{
    size_t room = list->count + 1;
    struct lower *lower = malloc(room * sizeof *lower);
    const char **texts = malloc(room * sizeof(*texts));
    wxs_agent_pattern *sorted = malloc(room * sizeof *sorted);
    bool ok = lower != NULL && texts != NULL && sorted != NULL &&
              build(list, lower, texts, sorted);

    free(lower);
    free(texts);
    free(sorted);
    return ok;
}

bool
wxs_agent_list_parse(const char *text, wxs_agent_list *list, wxs_error *error)
{
    size_t room = wxs_list_lines(text);
    bool ok;

    *list = (wxs_agent_list){.names = {"-"}, .names_count = 1};
    if (room > WXS_AGENT_PATTERNS_MAX)
        room = WXS_AGENT_PATTERNS_MAX;
    list->patterns = malloc((room + 1) * sizeof *list->patterns);
    if (list->patterns == NULL)
        return wxs_fail(error, "there is no memory for a list of agents");
    ok = read_patterns(text, list, error);
    if (ok && !build_automaton(list))
        ok = wxs_fail(error, "the list is too long");
    if (!ok)
        wxs_agent_list_free(list);
    return ok;
}

void
wxs_agent_list_free(wxs_agent_list *list)
{
    wxs_automaton_free(&list->automaton);
    free(list->patterns);
    *list = (wxs_agent_list){0};
}
