#include "mime_parts.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define DEPTH_MAX 100  /* of multiparts inside each other; deeper ones stay */
#define PARTS_MAX 1000 /* text parts of a message; further ones stay */

struct search {
    const char *raw;
    size_t len;
    wxs_mime_parts *parts;
};

static bool
is_attachment(GMimeObject *object)
{
    const char *disposition = g_mime_object_get_disposition(object);

    return disposition != NULL && strcasecmp(disposition, "attachment") == 0;
}

/* Where the header is in the raw bytes, up to the end of its last line. */
static bool
locate_header(const struct search *search, GMimeHeader *header, size_t *start,
              size_t *end)
{
    gint64 offset = g_mime_header_get_offset(header);
    const char *name = g_mime_header_get_raw_name(header);
    const char *value = g_mime_header_get_raw_value(header);
    size_t size;

    if (offset < 0 || name == NULL || value == NULL)
        return false;
    size = strlen(name) + 1 + strlen(value);
    if ((size_t)offset > search->len || search->len - (size_t)offset < size ||
        memcmp(search->raw + offset, name, strlen(name)) != 0)
        return false;
    *start = (size_t)offset;
    *end = *start + size;
    return true;
}

/* A new header may stand before the Content-Type. */
static void
locate_encoding(const struct search *search, GMimeObject *object,
                wxs_mime_part *part)
{
    GMimeHeaderList *headers = g_mime_object_get_header_list(object);
    GMimeHeader *header =
        g_mime_header_list_get_header(headers, "Content-Transfer-Encoding");
    size_t end;

    if (header != NULL) {
        part->has_place =
            locate_header(search, header, &part->header, &part->header_end);
        return;
    }
    header = g_mime_header_list_get_header(headers, "Content-Type");
    if (header != NULL)
        part->has_place = locate_header(search, header, &part->header, &end);
    part->header_end = part->header;
}

static bool
locate_content(const struct search *search, GMimePart *object,
               wxs_mime_part *part)
{
    GMimeDataWrapper *content = g_mime_part_get_content(object);
    GMimeStream *stream =
        content == NULL ? NULL : g_mime_data_wrapper_get_stream(content);
    gint64 end;

    if (stream == NULL || stream->bound_start < 0)
        return false;
    end = stream->bound_end < 0 ? (gint64)search->len : stream->bound_end;
    if (end < stream->bound_start || (size_t)end > search->len)
        return false;
    part->content = (size_t)stream->bound_start;
    part->content_end = (size_t)end;
    return true;
}

static bool
add_part(wxs_mime_parts *parts, const wxs_mime_part *part)
{
    wxs_mime_part *grown =
        reallocarray(parts->part, parts->count + 1, sizeof(parts->part[0]));

    if (grown == NULL)
        return false;
    parts->part = grown;
    parts->part[parts->count++] = *part;
    return true;
}

static void
note_text(struct search *search, GMimePart *object, bool is_html)
{
    GMimeObject *as_object = GMIME_OBJECT(object);
    wxs_mime_parts *parts = search->parts;
    const char *charset =
        g_mime_object_get_content_type_parameter(as_object, "charset");
    wxs_mime_part part = {.is_html = is_html};

    part.encoding = wxs_encoding_of(
        g_mime_object_get_header(as_object, "Content-Transfer-Encoding"));
    if (part.encoding == WXS_ENCODING_OTHER || parts->count == PARTS_MAX ||
        !locate_content(search, object, &part)) {
        parts->foreign++;
        return;
    }
    locate_encoding(search, as_object, &part);
    part.charset = charset == NULL ? NULL : strdup(charset);
    if ((charset != NULL && part.charset == NULL) || !add_part(parts, &part)) {
        free(part.charset);
        parts->failed = true;
    }
}

static bool
is_sealed(GMimeContentType *type)
{
    return g_mime_content_type_is_type(type, "multipart", "signed") ||
           g_mime_content_type_is_type(type, "multipart", "encrypted") ||
           g_mime_content_type_is_type(type, "multipart", "report");
}

static void
visit(struct search *search, GMimeObject *object, int depth)
{
    GMimeContentType *type = g_mime_object_get_content_type(object);

    if (depth > DEPTH_MAX || type == NULL || is_sealed(type) ||
        is_attachment(object))
        return;
    if (GMIME_IS_MULTIPART(object)) {
        GMimeMultipart *multipart = GMIME_MULTIPART(object);

        for (int i = 0; i < g_mime_multipart_get_count(multipart); i++)
            visit(search, g_mime_multipart_get_part(multipart, i), depth + 1);
    } else if (GMIME_IS_PART(object)) {
        if (g_mime_content_type_is_type(type, "text", "html"))
            note_text(search, GMIME_PART(object), true);
        else if (g_mime_content_type_is_type(type, "text", "plain"))
            note_text(search, GMIME_PART(object), false);
    }
}

void
wxs_mime_parts_find(GMimeMessage *message, const char *raw, size_t len,
                    wxs_mime_parts *parts)
{
    struct search search = {.raw = raw, .len = len, .parts = parts};
    GMimeObject *root = g_mime_message_get_mime_part(message);

    memset(parts, 0, sizeof(*parts));
    if (root != NULL)
        visit(&search, root, 0);
}

void
wxs_mime_parts_free(wxs_mime_parts *parts)
{
    for (size_t i = 0; i < parts->count; i++)
        free(parts->part[i].charset);
    free(parts->part);
    memset(parts, 0, sizeof(*parts));
}
