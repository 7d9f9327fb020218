#include <stdlib.h>
#include <string.h>

#include "domain_create.h"
#include "domain_json.h"
#include "routes.h"

/* POST /domains/import: each line of the body is that of a POST /domains, and
 * each line of the answer the result of one:
 *   {"line":1,"status":201,"domain":{…}} or {"line":2,"status":422,"error":{…}}
 * Lines are worked off one after the other while the answer goes out, each in a
 * transaction of its own: what is answered is stored. Empty lines are left out.
 */

#define TRIES 24 /* of five seconds each */

typedef struct {
    wxs_context *context;
    const wxs_request *request;
} import;

/* The answer to one line, as POST /domains gives it, but with patience: many
 * lines use up the DKIM keys that are ready, and more are made all the time. */
static void
create(const import *job, const char *line, size_t len, wxs_response *response)
{
    wxs_request request = *job->request;
    char *copy = malloc(len + 1);

    if (copy == NULL) {
        wxs_answer(response, 500, NULL);
        return;
    }
    memcpy(copy, line, len);
    copy[len] = '\0';
    request.body = copy;
    request.body_len = len;
    request.idempotency_key = NULL; /* it is that of the whole */
    for (int i = 0; i < TRIES && (i == 0 || response->status == 503); i++)
        wxs_domains_create(job->context, &request, response);
    free(copy);
}

static bool
write_result(const wxs_response *response, json_int_t number,
             const wxs_sink *sink)
{
    json_t *json =
        json_pack("{s:I, s:i, s:O}", "line", number, "status", response->status,
                  response->status == 201 ? "domain" : "error", response->json);
    bool ok = wxs_sink_json(sink, json) && wxs_sink_text(sink, "\n");

    json_decref(json);
    return ok;
}

static bool
is_blank(const char *line, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (line[i] != ' ' && line[i] != '\t' && line[i] != '\r')
            return false;
    }
    return true;
}

static bool
stream(void *state, const wxs_sink *sink)
{
    const import *job = state;
    const char *line = job->request->body;
    const char *end = line + job->request->body_len;
    json_int_t number = 0;
    bool ok = true;

    while (ok && line < end) {
        const char *stop = memchr(line, '\n', (size_t)(end - line));
        size_t len = (size_t)((stop != NULL ? stop : end) - line);
        wxs_response response = {0};

        number++;
        if (!is_blank(line, len)) {
            create(job, line, len, &response);
            ok = write_result(&response, number, sink);
        }
        wxs_response_clear(&response);
        line += len + 1;
    }
    return ok;
}

void
wxs_domains_import(wxs_context *context, const wxs_request *request,
                   wxs_response *response)
{
    import *job = malloc(sizeof(*job));

    if (job == NULL) {
        wxs_answer(response, 500, NULL);
        return;
    }
    *job = (import){context, request};
    wxs_answer_stream(response, "application/x-ndjson", stream, job, free);
}
