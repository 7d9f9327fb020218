#ifndef WXS_CLASSIFY_AUTOMATON_H
#define WXS_CLASSIFY_AUTOMATON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Finds many texts at once in one pass (Aho and Corasick, "Efficient string
 * matching", 1975), in any letter case of ASCII. */

#define WXS_AUTOMATON_STATES_MAX 32768 /* bytes of all texts, and one */
#define WXS_AUTOMATON_NONE       UINT16_MAX

typedef struct {
    size_t states;
    size_t classes;     /* of bytes that differ; 0: in no text */
    uint8_t class[256]; /* of each byte */
    uint16_t *next;    /* [state * classes + class], with a mark: a text ends */
    uint16_t *text;    /* of a state: the text that ends there, or NONE */
    uint16_t *shorter; /* the nearest state with a text that is an end of the
                          state's own; 0 = none */
} wxs_automaton;

/* Is told of each text that ends before `end`, the longest first; false stops
 * those at this place. */
typedef bool wxs_automaton_found(void *data, uint16_t text, size_t end);

/* Builds it of count texts without upper case letters, none of them empty and
 * no two the same; to be freed with wxs_automaton_free(). False: there is no
 * memory, or they are too long together. */
bool wxs_automaton_build(wxs_automaton *automaton, const char *const *texts,
                         size_t count);

void wxs_automaton_scan(const wxs_automaton *automaton, const char *text,
                        size_t len, wxs_automaton_found *found, void *data);

void wxs_automaton_free(wxs_automaton *automaton);

#endif
