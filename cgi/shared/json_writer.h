#ifndef WXS_SHARED_JSON_WRITER_H
#define WXS_SHARED_JSON_WRITER_H

#include <stdbool.h>
#include <stdint.h>

#include "buffer.h"

/* JSON (RFC 8259) written straight into a buffer, compact, byte for byte as
 * json_dumps(JSON_COMPACT) writes it: for answers that are asked for often or
 * are long, where a tree of values costs more than all else. The caller opens
 * and closes what belongs together. Start with all zero; wxs_json_done() tells
 * at the end whether all went well. name is that of an object's member, a
 * constant without characters to escape, and NULL in an array or at the top. */
typedef struct {
    wxs_buffer out;
    bool invalid; /* a string was not UTF-8 */
} wxs_json_writer;

/* bracket: '{' or '[', and '}' or ']' to close. */
void wxs_json_open(wxs_json_writer *json, const char *name, char bracket);
void wxs_json_close(wxs_json_writer *json, char bracket);

/* NULL is written as null. */
void wxs_json_string(wxs_json_writer *json, const char *name,
                     const char *value);
/* len bytes, of which none is NUL. */
void wxs_json_stringn(wxs_json_writer *json, const char *name,
                      const char *value, size_t len);
void wxs_json_bool(wxs_json_writer *json, const char *name, bool value);
void wxs_json_integer(wxs_json_writer *json, const char *name, int64_t value);
void wxs_json_null(wxs_json_writer *json, const char *name);

/* A time of the API, microseconds since 1970; null for 0. */
void wxs_json_time(wxs_json_writer *json, const char *name, int64_t us);

/* A value that is JSON already. */
void wxs_json_raw(wxs_json_writer *json, const char *name, const char *value,
                  size_t len);

/* The value, or the items, that another writer has written, if it has any. */
void wxs_json_append(wxs_json_writer *json, const char *name,
                     const wxs_json_writer *other);

/* Is everything written? False without memory, or after a string that is not
 * UTF-8. */
bool wxs_json_done(const wxs_json_writer *json);

void wxs_json_free(wxs_json_writer *json);

#endif
