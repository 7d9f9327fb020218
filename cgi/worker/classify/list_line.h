#ifndef WXS_CLASSIFY_LIST_LINE_H
#define WXS_CLASSIFY_LIST_LINE_H

#include <stdbool.h>
#include <stddef.h>

/* Lists are text: words with blanks between them, one entry a line, # before a
 * comment. */

#define WXS_LIST_FIELDS   5
#define WXS_LIST_LINE_MAX 256

typedef struct {
    size_t number; /* of the line, from 1; 0 before the first */
    size_t count;  /* of words; WXS_LIST_FIELDS + 1: more than that */
    char text[WXS_LIST_LINE_MAX];
    char *field[WXS_LIST_FIELDS]; /* into text */
} wxs_list_line;

/* Reads the next line that has words and moves *text behind it; false at the
 * end. A line that is too long, or holds a byte that is not printable ASCII,
 * has no words: count is 0. */
bool wxs_list_next(const char **text, wxs_list_line *line);

/* How many lines there are: no list has more entries. */
size_t wxs_list_lines(const char *text);

#endif
