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

void
wxs_buffer_add(wxs_buffer *buffer, const char *data, size_t len)
{
    if (len == 0)
        return;
    if (!make_room(buffer, len)) {
        buffer->failed = true;
        return;
    }
    memcpy(buffer->data + buffer->len, data, len);
    buffer->len += len;
}

void
wxs_buffer_reserve(wxs_buffer *buffer, size_t len)
{
    if (!make_room(buffer, len))
        buffer->failed = true;
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
