#ifndef WXS_SHARED_BUFFER_H
#define WXS_SHARED_BUFFER_H

#include <stdbool.h>
#include <stddef.h>

/* Bytes that grow; start with all zero. An addition that finds no memory sets
 * failed and is dropped, so that it is enough to look once, at the end. */
typedef struct {
    char *data; /* NULL while nothing was added */
    size_t len;
    size_t cap;
    bool failed;
} wxs_buffer;

void wxs_buffer_add(wxs_buffer *buffer, const char *data, size_t len);
void wxs_buffer_add_byte(wxs_buffer *buffer, char byte);

/* Makes room for len bytes more, so that adding them moves nothing. */
void wxs_buffer_reserve(wxs_buffer *buffer, size_t len);

/* The same, for the caller to write there and to add to buffer->len what it has
 * written, at most len; NULL without memory. */
char *wxs_buffer_extend(wxs_buffer *buffer, size_t len);

void wxs_buffer_free(wxs_buffer *buffer);

#endif
