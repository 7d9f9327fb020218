#include "automaton.h"

#include <stdlib.h>
#include <string.h>

#define ENDS 0x8000 /* in next: a text ends at that state */

static uint8_t
upper(uint8_t c)
{
    return c >= 'a' && c <= 'z' ? (uint8_t)(c - 'a' + 'A') : c;
}

/* Numbers the bytes that occur; returns how many states there can be. */
static size_t
find_classes(wxs_automaton *a, const char *const *texts, size_t count)
{
    size_t states = 1;

    a->classes = 1;
    for (size_t i = 0; i < count; i++) {
        for (const char *at = texts[i]; *at != '\0'; at++, states++) {
            uint8_t c = (uint8_t)*at;

            if (a->class[c] == 0)
                a->class[c] = a->class[upper(c)] = (uint8_t)a->classes++;
        }
    }
    return states;
}

/* The tree of the texts: next of 0 is "not there yet". */
static void
add(wxs_automaton *a, const char *text, uint16_t number)
{
    size_t state = 0;

    for (; *text != '\0'; text++) {
        uint16_t *next =
            &a->next[state * a->classes + a->class[(uint8_t)*text]];

        if (*next == 0)
            *next = (uint16_t)a->states++;
        state = *next;
    }
    a->text[state] = number;
}

/* A missing edge leads where it leads from the longest end of the state's text
 * that is in the tree too. Breadth first, so that shorter texts are done. */
static bool
link_states(wxs_automaton *a)
{
    uint16_t *queue = malloc(a->states * sizeof *queue);
    uint16_t *fallback = calloc(a->states, sizeof *fallback);
    size_t head = 0, tail = 0;

    if (queue != NULL && fallback != NULL)
        queue[tail++] = 0;
    for (; head < tail; head++) {
        size_t state = queue[head];
        uint16_t *edges = &a->next[state * a->classes];
        const uint16_t *others = &a->next[fallback[state] * a->classes];

        for (size_t class = 0; class < a->classes; class ++) {
            uint16_t next = edges[class], other = state ? others[class] : 0;

            if (next == 0) {
                edges[class] = other;
                continue;
            }
            fallback[next] = other;
            a->shorter[next] = a->text[other] != WXS_AUTOMATON_NONE
                                   ? other
                                   : a->shorter[other];
            queue[tail++] = next;
        }
    }
    free(queue);
    free(fallback);
    return head == a->states;
}

/* So that a scan need not look at the state itself. */
static void
mark_ends(wxs_automaton *a)
{
    for (size_t i = 0; i < a->states * a->classes; i++) {
        size_t state = a->next[i];

        if (a->text[state] != WXS_AUTOMATON_NONE || a->shorter[state] != 0)
            a->next[i] |= ENDS;
    }
}

bool
wxs_automaton_build(wxs_automaton *automaton, const char *const *texts,
                    size_t count)
{
    wxs_automaton a = {0};
    size_t states = find_classes(&a, texts, count);

    if (states <= WXS_AUTOMATON_STATES_MAX) {
        a.next = calloc(states * a.classes, sizeof *a.next);
        a.text = malloc(states * sizeof *a.text);
        a.shorter = calloc(states, sizeof *a.shorter);
    }
    *automaton = a;
    if (a.next == NULL || a.text == NULL || a.shorter == NULL) {
        wxs_automaton_free(automaton);
        return false;
    }
    memset(a.text, 0xff, states * sizeof *a.text); /* NONE */
    automaton->states = 1;
    for (size_t i = 0; i < count; i++)
        add(automaton, texts[i], (uint16_t)i);
    if (!link_states(automaton)) {
        wxs_automaton_free(automaton);
        return false;
    }
    mark_ends(automaton);
    return true;
}

static void
report(const wxs_automaton *a, size_t state, size_t end,
       wxs_automaton_found *found, void *data)
{
    if (a->text[state] == WXS_AUTOMATON_NONE)
        state = a->shorter[state];
    for (; state != 0; state = a->shorter[state]) {
        if (!found(data, a->text[state], end))
            return;
    }
}

void
wxs_automaton_scan(const wxs_automaton *automaton, const char *text, size_t len,
                   wxs_automaton_found *found, void *data)
{
    size_t state = 0;

    for (size_t i = 0; i < len; i++) {
        uint16_t next = automaton->next[state * automaton->classes +
                                        automaton->class[(uint8_t)text[i]]];

        state = next & (ENDS - 1);
        if ((next & ENDS) != 0)
            report(automaton, state, i + 1, found, data);
    }
}

void
wxs_automaton_free(wxs_automaton *automaton)
{
    free(automaton->next);
    free(automaton->text);
    free(automaton->shorter);
    *automaton = (wxs_automaton){0};
}
