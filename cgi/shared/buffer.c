#include "buffer.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_SIZE 256

static bool
make_room(wxs_buffer *buffer, size_t len)
{
    size_t cap = buffer->cap == 0 ? FIRST_SIZE : buffer->cap;
    char *data;

    if (buffer->failed || len > SIZE_MAX / 4 - buffer->len)
        return false;
    if (len <= buffer->cap - buffer->len)
        return true;
    while (cap < buffer->len + len)
        cap *= 2;
    data = realloc(buffer->data, cap);
    if (data == NULL)
        return false;
    buffer->data = data;
    buffer->cap = cap;
    return true;
}

char *
wxs_buffer_extend(wxs_buffer *buffer, size_t len)
{
    if (!make_room(buffer, len)) {
        buffer->failed = true;
        return NULL;
    }
    return buffer->data + buffer->len;
}

void
wxs_buffer_add(wxs_buffer *buffer, const char *data, size_t len)
{
    char *end = len == 0 ? NULL : wxs_buffer_extend(buffer, len);

    if (end == NULL)
        return;
    memcpy(end, data, len);
    buffer->len += len;
}

void
wxs_buffer_reserve(wxs_buffer *buffer, size_t len)
{
    (void)wxs_buffer_extend(buffer, len);
}

void
wxs_buffer_add_byte(wxs_buffer *buffer, char byte)
{
    wxs_buffer_add(buffer, &byte, 1);
}

void
wxs_buffer_free(wxs_buffer *buffer)
{
    free(buffer->data);
    memset(buffer, 0, sizeof(*buffer));
}
