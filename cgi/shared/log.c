#include "log.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "utf8.h"

#define LINE_MAX_BYTES 4096

static const char *const level_names[] = {"debug", "info", "warn", "error"};

static const char *program_name = "waxseal";
static wxs_log_level lowest = WXS_LOG_INFO;

/* A line under construction; room for the closing "}\n" is always kept. */
struct line {
    char text[LINE_MAX_BYTES];
    size_t len;
};

static bool
line_raw(struct line *line, const char *text, size_t len)
{
    if (len > sizeof(line->text) - 2 - line->len)
        return false;
    memcpy(line->text + line->len, text, len);
    line->len += len;
    return true;
}

/* One character of a JSON string (RFC 8259); what is not UTF-8 becomes
 * U+FFFD. Returns how many bytes of text it took. */
static size_t
escape(const char *text, size_t len, char out[8], size_t *out_len)
{
    size_t size = wxs_utf8_length(text, len);
    unsigned char c = (unsigned char)text[0];

    if (size == 0)
        *out_len = (size_t)snprintf(out, 8, "\\ufffd");
    else if (c < 0x20 || c == 0x7f)
        *out_len = (size_t)snprintf(out, 8, "\\u%04x", c);
    else if (c == '"' || c == '\\')
        *out_len = (size_t)snprintf(out, 8, "\\%c", c);
    else {
        memcpy(out, text, size);
        *out_len = size;
    }
    return size == 0 ? 1 : size;
}

/* Appends a quoted string, cut where the line is full. */
static bool
line_string(struct line *line, const char *text)
{
    size_t len = strlen(text);
    char out[8];
    size_t out_len;

    if (!line_raw(line, "\"", 1))
        return false;
    while (len > 0) {
        size_t used = escape(text, len, out, &out_len);
        if (line->len + out_len > sizeof(line->text) - 3)
            break;
        line_raw(line, out, out_len);
        text += used;
        len -= used;
    }
    return line_raw(line, "\"", 1);
}

/* Appends "key":"value" after a comma; leaves it out if even the key does not
 * fit. */
static void
line_pair(struct line *line, const char *key, const char *value)
{
    size_t start = line->len;

    if ((line->len > 1 && !line_raw(line, ",", 1)) ||
        line->len + strlen(key) + 8 > sizeof(line->text) - 2 ||
        !line_string(line, key) || !line_raw(line, ":", 1) ||
        !line_string(line, value))
        line->len = start;
}

void
wxs_log_init(const char *program)
{
    const char *wanted = getenv("WAXSEAL_LOG");

    program_name = program;
    for (size_t i = 0; wanted != NULL && i < 4; i++) {
        if (strcmp(wanted, level_names[i]) == 0)
            lowest = (wxs_log_level)i;
    }
}

void
wxs_log(wxs_log_level level, const char *message, ...)
{
    struct line line = {.len = 0};
    char now[WXS_TIME_TEXT];
    const char *key;
    va_list args;

    if (level < lowest)
        return;
    wxs_time_iso(wxs_now_us(), now);
    line_raw(&line, "{", 1);
    line_pair(&line, "time", now);
    line_pair(&line, "level", level_names[level]);
    line_pair(&line, "program", program_name);
    line_pair(&line, "message", message);
    va_start(args, message);
    while ((key = va_arg(args, const char *)) != NULL) {
        const char *value = va_arg(args, const char *);
        if (value == NULL)
            break;
        line_pair(&line, key, value);
    }
    va_end(args);
    line.text[line.len++] = '}';
    line.text[line.len++] = '\n';
    /* one write a line, so that lines of several threads stay whole; there is
     * nowhere to report that the log itself cannot be written */
    if (write(STDERR_FILENO, line.text, line.len) < 0)
        return;
}
