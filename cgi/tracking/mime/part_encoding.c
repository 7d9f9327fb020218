#include "part_encoding.h"

#include <gmime/gmime.h>
#include <openssl/evp.h>
#include <string.h>
#include <strings.h>

#define MAIL_LINE_MAX    998
#define ENCODED_LINE_MAX 76
#define BASE64_LINE      57 /* bytes that fill a line */
#define CHUNK            4096

wxs_encoding
wxs_encoding_of(const char *value)
{
    static const struct {
        const char *name;
        wxs_encoding encoding;
    } known[] = {
        {"7bit", WXS_ENCODING_NONE},
        {"8bit", WXS_ENCODING_NONE},
        {"binary", WXS_ENCODING_NONE},
        {"quoted-printable", WXS_ENCODING_QUOTED_PRINTABLE},
        {"base64", WXS_ENCODING_BASE64},
    };
    size_t len;

    if (value == NULL)
        return WXS_ENCODING_NONE;
    value += strspn(value, " \t\r\n");
    len = strcspn(value, " \t\r\n;(");
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (strlen(known[i].name) == len &&
            strncasecmp(value, known[i].name, len) == 0)
            return known[i].encoding;
    return WXS_ENCODING_OTHER;
}

void
wxs_decode_part(wxs_encoding encoding, const char *content, size_t len,
                wxs_buffer *out)
{
    char chunk[CHUNK * 2];
    GMimeEncoding state;

    if (encoding == WXS_ENCODING_NONE) {
        wxs_buffer_add(out, content, len);
        return;
    }
    g_mime_encoding_init_decode(&state,
                                encoding == WXS_ENCODING_BASE64
                                    ? GMIME_CONTENT_ENCODING_BASE64
                                    : GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE);
    for (size_t i = 0; i < len; i += CHUNK) {
        size_t size = len - i < CHUNK ? len - i : CHUNK;

        wxs_buffer_add(out, chunk,
                       g_mime_encoding_step(&state, content + i, size, chunk));
    }
    wxs_buffer_add(out, chunk, g_mime_encoding_flush(&state, NULL, 0, chunk));
}

static void
encode_base64(const char *text, size_t len, const char *eol, wxs_buffer *out)
{
    unsigned char line[ENCODED_LINE_MAX + 1];

    for (size_t i = 0; i < len; i += BASE64_LINE) {
        size_t size = len - i < BASE64_LINE ? len - i : BASE64_LINE;
        int encoded =
            EVP_EncodeBlock(line, (const unsigned char *)text + i, (int)size);

        if (i > 0)
            wxs_buffer_add(out, eol, strlen(eol));
        wxs_buffer_add(out, (char *)line, (size_t)encoded);
    }
}

/* Is the character to be kept? A space only if something follows it. */
static bool
is_literal(const char *text, size_t len, size_t i)
{
    char c = text[i];

    if (c == ' ' || c == '\t')
        return i + 1 < len && text[i + 1] != '\r' && text[i + 1] != '\n';
    return c > ' ' && c < 0x7f && c != '=';
}

static bool
ends_line(const char *text, size_t len, size_t i, const char *eol)
{
    size_t size = strlen(eol);

    return len - i >= size && memcmp(text + i, eol, size) == 0;
}

static void
encode_quoted_printable(const char *text, size_t len, const char *eol,
                        wxs_buffer *out)
{
    static const char digits[] = "0123456789ABCDEF";
    size_t column = 0;

    for (size_t i = 0; i < len; i++) {
        char code[3] = {text[i]};
        size_t size = 1;

        if (ends_line(text, len, i, eol)) {
            wxs_buffer_add(out, eol, strlen(eol));
            i += strlen(eol) - 1;
            column = 0;
            continue;
        }
        if (!is_literal(text, len, i)) {
            code[0] = '=';
            code[1] = digits[(unsigned char)text[i] >> 4];
            code[2] = digits[(unsigned char)text[i] & 15];
            size = 3;
        }
        if (column + size > ENCODED_LINE_MAX - 1) {
            wxs_buffer_add_byte(out, '=');
            wxs_buffer_add(out, eol, strlen(eol));
            column = 0;
        }
        wxs_buffer_add(out, code, size);
        column += size;
    }
}

void
wxs_encode_part(wxs_encoding encoding, const char *text, size_t len, bool crlf,
                wxs_buffer *out)
{
    const char *eol = crlf ? "\r\n" : "\n";

    switch (encoding) {
    case WXS_ENCODING_BASE64:
        encode_base64(text, len, eol, out);
        break;
    case WXS_ENCODING_QUOTED_PRINTABLE:
        encode_quoted_printable(text, len, eol, out);
        break;
    default:
        wxs_buffer_add(out, text, len);
    }
}

bool
wxs_has_long_line(const char *text, size_t len)
{
    size_t start = 0;

    while (start < len) {
        const char *eol = memchr(text + start, '\n', len - start);
        size_t end = eol == NULL ? len : (size_t)(eol - text);
        size_t size = end - start;

        if (size > 0 && text[end - 1] == '\r')
            size--;
        if (size > MAIL_LINE_MAX)
            return true;
        start = end + 1;
    }
    return false;
}
