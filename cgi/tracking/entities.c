#include "entities.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define NAME_MAX_LEN 32 /* the longest name has 31 characters */
#define REPLACEMENT  0xfffd

struct entity {
    const char *name;
    const char *value; /* UTF-8 */
    int bare;          /* is also known without its semicolon */
};

static const struct entity entities[] = {
#include "entities.inc"
};

/* What browsers make of references to the C1 controls: Windows-1252. */
static const uint16_t c1_replacements[32] = {
    0x20ac, 0x81,   0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021,
    0x02c6, 0x2030, 0x0160, 0x2039, 0x0152, 0x8d,   0x017d, 0x8f,
    0x90,   0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014,
    0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0x9d,   0x017e, 0x0178,
};

static bool
is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool
is_alnum(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static int
hex_digit(char c)
{
    if (is_digit(c))
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

static int
compare_name(const void *key, const void *item)
{
    return strcmp(key, ((const struct entity *)item)->name);
}

static void
add_character(uint32_t c, wxs_buffer *out)
{
    if (c >= 0x80 && c < 0xa0)
        c = c1_replacements[c - 0x80];
    if (c == 0 || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
        c = REPLACEMENT;
    if (c < 0x80) {
        wxs_buffer_add_byte(out, (char)c);
    } else if (c < 0x800) {
        wxs_buffer_add_byte(out, (char)(0xc0 | c >> 6));
        wxs_buffer_add_byte(out, (char)(0x80 | (c & 0x3f)));
    } else {
        if (c < 0x10000) {
            wxs_buffer_add_byte(out, (char)(0xe0 | c >> 12));
        } else {
            wxs_buffer_add_byte(out, (char)(0xf0 | c >> 18));
            wxs_buffer_add_byte(out, (char)(0x80 | (c >> 12 & 0x3f)));
        }
        wxs_buffer_add_byte(out, (char)(0x80 | (c >> 6 & 0x3f)));
        wxs_buffer_add_byte(out, (char)(0x80 | (c & 0x3f)));
    }
}

/* text begins with "&#". Returns the bytes read, 0 if it is no reference. */
static size_t
decode_number(const char *text, size_t len, wxs_buffer *out)
{
    size_t pos = 2;
    int base = 10;
    size_t digits;
    uint32_t c = 0;

    if (pos < len && (text[pos] == 'x' || text[pos] == 'X')) {
        base = 16;
        pos++;
    }
    for (digits = pos; pos < len; pos++) {
        int digit = hex_digit(text[pos]);
        if (digit < 0 || digit >= base)
            break;
        if (c <= 0x10ffff)
            c = c * (uint32_t)base + (uint32_t)digit;
    }
    if (pos == digits)
        return 0;
    add_character(c, out);
    return pos < len && text[pos] == ';' ? pos + 1 : pos;
}

/* text begins with "&". A name that ends before a letter, digit or "=" without
 * a semicolon is text ("&copy=1"), so the whole run of letters and digits is
 * the name or there is none. */
static size_t
decode_name(const char *text, size_t len, wxs_buffer *out)
{
    char name[NAME_MAX_LEN + 1];
    const struct entity *entity;
    size_t end = 1;

    while (end < len && end <= NAME_MAX_LEN && is_alnum(text[end]))
        end++;
    if (end == 1 || end > NAME_MAX_LEN)
        return 0;
    memcpy(name, text + 1, end - 1);
    name[end - 1] = '\0';
    entity = bsearch(name, entities, sizeof(entities) / sizeof(entities[0]),
                     sizeof(entities[0]), compare_name);
    if (entity == NULL)
        return 0;
    if (end < len && text[end] == ';')
        end++;
    else if (!entity->bare || (end < len && text[end] == '='))
        return 0;
    wxs_buffer_add(out, entity->value, strlen(entity->value));
    return end;
}

/* How many bytes stand for themselves. */
static size_t
plain_length(const char *text, size_t len)
{
    size_t i = 0;

    while (i < len && text[i] != '&' && text[i] != '\0')
        i++;
    return i;
}

void
wxs_html_decode(const char *value, size_t len, wxs_buffer *out)
{
    size_t pos = 0;

    while (pos < len) {
        size_t used = plain_length(value + pos, len - pos);

        if (used > 0) {
            wxs_buffer_add(out, value + pos, used);
        } else if (value[pos] == '\0') {
            add_character(REPLACEMENT, out);
            used = 1;
        } else if (pos + 1 < len) {
            used = value[pos + 1] == '#'
                       ? decode_number(value + pos, len - pos, out)
                       : decode_name(value + pos, len - pos, out);
        }
        if (used == 0) {
            wxs_buffer_add_byte(out, value[pos]);
            used = 1;
        }
        pos += used;
    }
}
