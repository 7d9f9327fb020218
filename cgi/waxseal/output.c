#include "output.h"

#include <string.h>

/* Bytes of the control character at text, 0 if it is none: C0, DEL, and C1 in
 * UTF-8. */
static size_t
control_len(const unsigned char *text)
{
    if (*text < 0x20 || *text == 0x7f)
        return 1;
    return text[0] == 0xc2 && text[1] >= 0x80 && text[1] < 0xa0 ? 2 : 0;
}

/* Columns that wxs_print_clean() takes for it, one for each character. */
static size_t
clean_width(const char *text)
{
    const unsigned char *c = (const unsigned char *)text;
    size_t width = 0;

    while (*c != '\0') {
        size_t control = control_len(c);
        if (control > 0)
            width += 4 * control;
        else if ((*c & 0xc0) != 0x80)
            width++;
        c += control > 0 ? control : 1;
    }
    return width;
}

void
wxs_print_clean(FILE *out, const char *text)
{
    const unsigned char *c = (const unsigned char *)text;

    while (*c != '\0') {
        size_t control = control_len(c);
        for (size_t i = 0; i < control; i++)
            (void)fprintf(out, "\\x%02x", c[i]);
        if (control == 0)
            (void)fputc(*c, out);
        c += control > 0 ? control : 1;
    }
}

void
wxs_layout_fit(wxs_layout *layout, const char *const *cells)
{
    for (size_t i = 0; i < layout->columns; i++) {
        size_t width = clean_width(cells[i]);
        if (width > layout->width[i])
            layout->width[i] = width;
    }
}

void
wxs_layout_line(FILE *out, const wxs_layout *layout, const char *const *cells)
{
    for (size_t i = 0; i < layout->columns; i++) {
        wxs_print_clean(out, cells[i]);
        if (i + 1 == layout->columns)
            break;
        size_t pad = layout->width[i] - clean_width(cells[i]) + 2;
        (void)fprintf(out, "%*s", (int)pad, "");
    }
    (void)fputc('\n', out);
}

const char *
wxs_json_text(const json_t *object, const char *name, const char *fallback)
{
    const char *text = json_string_value(json_object_get(object, name));

    return text != NULL ? text : fallback;
}

bool
wxs_json_print(const json_t *value)
{
    return json_dumpf(value, stdout, JSON_INDENT(2)) == 0 &&
           fputc('\n', stdout) != EOF && fflush(stdout) == 0;
}

int
wxs_answer_print(json_t *answer, bool as_json, void (*print)(const json_t *))
{
    bool ok = true;

    if (as_json)
        ok = wxs_json_print(answer);
    else
        print(answer);
    json_decref(answer);
    return !ok || fflush(stdout) != 0;
}
