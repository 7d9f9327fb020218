#ifndef WXS_WAXSEAL_OUTPUT_H
#define WXS_WAXSEAL_OUTPUT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

#define WXS_COLUMNS_MAX 8

/* Lines of text in aligned columns. */
typedef struct {
    size_t columns; /* at most WXS_COLUMNS_MAX; the last is not padded */
    size_t width[WXS_COLUMNS_MAX];
} wxs_layout;

/* Widens the layout so that the cells fit; cells has layout->columns texts. */
void wxs_layout_fit(wxs_layout *layout, const char *const *cells);

/* Writes a line; what came from elsewhere cannot steer the terminal: control
 * characters appear as \x1b. */
void wxs_layout_line(FILE *out, const wxs_layout *layout,
                     const char *const *cells);

/* Writes text the same way. */
void wxs_print_clean(FILE *out, const char *text);

/* The object's string, or fallback. */
const char *wxs_json_text(const json_t *object, const char *name,
                          const char *fallback);

/* Prints the value as indented JSON on standard output. */
bool wxs_json_print(const json_t *value);

/* Prints the answer of a call, as JSON or with print, frees it and returns the
 * exit code of the command. */
int wxs_answer_print(json_t *answer, bool as_json,
                     void (*print)(const json_t *));

#endif
