#include "charset.h"

#include <errno.h>
#include <iconv.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#define ESCAPE      '\x1b'
#define ESCAPE_SIZE 3 /* of the sequences of ISO-2022-JP, at least */

static const char replacement[3] = {'\xef', '\xbf', '\xbd'}; /* U+FFFD */

/* What HTML and links are made of. */
static const char syntax[] = "<>\"'=/: ;&?#%+-_.@!abcdefghijklmnopqrstuvwxyz"
                             "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

static bool
is_ascii(const char *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)bytes[i] >= 0x80 || bytes[i] == ESCAPE)
            return false;
    return true;
}

/* Charsets in which letters and brackets are also part of other characters,
 * after a sign that is ASCII itself. */
static bool
shifts_in_ascii(const char *charset)
{
    return strcasecmp(charset, "hz-gb-2312") == 0 ||
           strcasecmp(charset, "hz") == 0 ||
           strcasecmp(charset, "utf-7") == 0 ||
           strcasecmp(charset, "unicode-1-1-utf-7") == 0 ||
           strcasecmp(charset, "utf-7-imap") == 0;
}

static bool
keeps_syntax(iconv_t converter)
{
    char in[sizeof(syntax)];
    char out[sizeof(syntax)];
    char *from = in, *to = out;
    size_t left = sizeof(syntax) - 1, room = sizeof(out);

    memcpy(in, syntax, sizeof(syntax));
    return iconv(converter, &from, &left, &to, &room) != (size_t)-1 &&
           (size_t)(to - out) == sizeof(syntax) - 1 &&
           memcmp(out, syntax, sizeof(syntax) - 1) == 0;
}

wxs_charset_kind
wxs_charset_judge(const char *charset, const char *bytes, size_t len)
{
    iconv_t converter;
    bool keeps;

    if (charset == NULL || strcasecmp(charset, "utf-8") == 0 ||
        strcasecmp(charset, "us-ascii") == 0)
        return WXS_CHARSET_AS_IS;
    if (shifts_in_ascii(charset))
        return WXS_CHARSET_FOREIGN;
    converter = iconv_open("UTF-8", charset);
    if (converter == (iconv_t)-1) /* a charset that nobody knows */
        return is_ascii(bytes, len) ? WXS_CHARSET_AS_IS : WXS_CHARSET_FOREIGN;
    keeps = keeps_syntax(converter);
    iconv_close(converter);
    if (!keeps)
        return WXS_CHARSET_FOREIGN;
    return is_ascii(bytes, len) ? WXS_CHARSET_AS_IS : WXS_CHARSET_CONVERT;
}

/* A walk through bytes that are converted. */
struct walk {
    iconv_t converter;
    char *from;
    size_t left;
    size_t written; /* bytes of UTF-8 so far */
};

/* Converts into out, at most cap bytes and whole characters only; returns the
 * bytes written, which are fewer at the end or before a character for which
 * there is no room. */
static size_t
walk_on(struct walk *walk, char *out, size_t cap)
{
    char *to = out;
    size_t room = cap;

    while (walk->left > 0 && iconv(walk->converter, &walk->from, &walk->left,
                                   &to, &room) == (size_t)-1) {
        if (errno == E2BIG || room < sizeof(replacement))
            break;
        memcpy(to, replacement, sizeof(replacement));
        to += sizeof(replacement);
        room -= sizeof(replacement);
        walk->from++;
        walk->left--;
    }
    walk->written += (size_t)(to - out);
    return (size_t)(to - out);
}

/* iconv() writes to no byte of its input */
static bool
walk_start(struct walk *walk, const char *charset, const char *bytes,
           size_t len)
{
    *walk = (struct walk){
        .converter = iconv_open("UTF-8", charset),
        .from = (char *)(uintptr_t)bytes,
        .left = len,
    };
    return walk->converter != (iconv_t)-1;
}

bool
wxs_charset_convert(const char *charset, const char *bytes, size_t len,
                    wxs_buffer *utf8)
{
    char chunk[4096];
    struct walk walk;
    size_t size;

    if (!walk_start(&walk, charset, bytes, len))
        return false;
    while ((size = walk_on(&walk, chunk, sizeof(chunk))) > 0)
        wxs_buffer_add(utf8, chunk, size);
    iconv_close(walk.converter);
    return !utf8->failed;
}

/* Where the walk is once it has written upto bytes. */
static size_t
walk_to(struct walk *walk, const char *bytes, size_t upto)
{
    char chunk[4096];

    while (walk->written < upto) {
        size_t wanted = upto - walk->written;

        if (walk_on(walk, chunk,
                    wanted < sizeof(chunk) ? wanted : sizeof(chunk)) == 0)
            break;
    }
    return (size_t)(walk->from - bytes);
}

/* Escape sequences (ISO 2022) may have been read or not where a character
 * ends. One before a value belongs to it; one where a pixel goes in leads back
 * to ASCII and comes before it. */
static void
settle_start(const char *bytes, size_t len, wxs_edit *edit, bool is_insertion)
{
    size_t at = edit->start;

    if (!is_insertion && at >= ESCAPE_SIZE && bytes[at - ESCAPE_SIZE] == ESCAPE)
        edit->start -= ESCAPE_SIZE;
    else if (is_insertion && len - at >= ESCAPE_SIZE && bytes[at] == ESCAPE)
        edit->start += ESCAPE_SIZE;
}

bool
wxs_charset_map(const char *charset, const char *bytes, size_t len,
                wxs_edit *edits, size_t count)
{
    struct walk walk;

    if (!walk_start(&walk, charset, bytes, len))
        return false;
    for (size_t i = 0; i < count; i++) {
        bool is_insertion = edits[i].start == edits[i].end;

        edits[i].start = walk_to(&walk, bytes, edits[i].start);
        settle_start(bytes, len, &edits[i], is_insertion);
        edits[i].end =
            is_insertion ? edits[i].start : walk_to(&walk, bytes, edits[i].end);
    }
    iconv_close(walk.converter);
    return true;
}
