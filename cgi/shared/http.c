#include "http.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "utf8.h"

void
wxs_response_clear(wxs_response *response)
{
    json_decref(response->json);
    free(response->text);
    if (response->stream_free != NULL)
        response->stream_free(response->stream_state);
    memset(response, 0, sizeof(*response));
}

void
wxs_answer(wxs_response *response, int status, json_t *json)
{
    wxs_response_clear(response);
    response->status = status;
    response->json = json;
    if (json == NULL)
        wxs_answer_error(response, 500, "internal_server_error",
                         "The server ran out of memory. Please try again.");
}

void
wxs_answer_text(wxs_response *response, int status, wxs_json_writer *json)
{
    if (!wxs_json_done(json)) {
        wxs_json_free(json);
        wxs_answer(response, status, NULL);
        return;
    }
    wxs_response_clear(response);
    response->status = status;
    response->text = json->out.data;
    response->text_len = json->out.len;
    *json = (wxs_json_writer){0};
}

/* What a message quotes of a request need not be UTF-8. */
static void
replace_invalid(char *text)
{
    size_t len = strlen(text);

    while (len > 0) {
        size_t size = wxs_utf8_length(text, len);
        if (size == 0) {
            *text = '?';
            size = 1;
        }
        text += size;
        len -= size;
    }
}

void
wxs_answer_error(wxs_response *response, int status, const char *name,
                 const char *format, ...)
{
    char message[1024];
    va_list args;

    va_start(args, format);
    if (vsnprintf(message, sizeof(message), format, args) < 0)
        message[0] = '\0';
    va_end(args);
    replace_invalid(message);
    wxs_response_clear(response);
    response->status = status;
    /* without memory for it, the transport finds no body and answers 500 */
    response->json = json_pack("{s:i, s:s, s:s}", "statusCode", status,
                               "message", message, "name", name);
}

void
wxs_answer_stream(wxs_response *response, const char *content_type,
                  wxs_stream *stream, void *state,
                  void (*stream_free)(void *state))
{
    wxs_response_clear(response);
    response->status = 200;
    response->content_type = content_type;
    response->stream = stream;
    response->stream_state = state;
    response->stream_free = stream_free;
}

bool
wxs_sink_text(const wxs_sink *sink, const char *text)
{
    return sink->write(sink->user, text, strlen(text));
}

bool
wxs_sink_json(const wxs_sink *sink, const json_t *json)
{
    char *text = json == NULL ? NULL : json_dumps(json, JSON_COMPACT);
    bool ok = text != NULL && wxs_sink_text(sink, text);

    free(text);
    return ok;
}
