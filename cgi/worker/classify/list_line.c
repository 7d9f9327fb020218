#include "list_line.h"

#include <string.h>

static bool
is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

/* Copies the line up to a comment; false if it may not stand in a list. */
static bool
copy(const char *from, size_t length, char to[WXS_LIST_LINE_MAX])
{
    if (length >= WXS_LIST_LINE_MAX)
        return false;
    for (size_t i = 0; i < length; i++) {
        if (!is_blank(from[i]) && (from[i] < '!' || from[i] > '~'))
            return false;
        to[i] = from[i];
    }
    to[length] = '\0';
    return true;
}

static void
split(wxs_list_line *line)
{
    char *at = line->text;

    while (*at != '\0' && line->count <= WXS_LIST_FIELDS) {
        if (is_blank(*at)) {
            *at++ = '\0';
            continue;
        }
        if (line->count < WXS_LIST_FIELDS)
            line->field[line->count] = at;
        line->count++;
        while (*at != '\0' && !is_blank(*at))
            at++;
    }
}

bool
wxs_list_next(const char **text, wxs_list_line *line)
{
    while (**text != '\0') {
        const char *start = *text;
        size_t length = strcspn(start, "\n");

        *text += length + (start[length] == '\n');
        line->number++;
        line->count = 0;
        if (start[0] == '#')
            continue;
        if (!copy(start, length, line->text))
            return true;
        split(line);
        if (line->count > 0)
            return true;
    }
    return false;
}

size_t
wxs_list_lines(const char *text)
{
    size_t count = 1;

    for (; *text != '\0'; text++)
        count += *text == '\n';
    return count;
}
