#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "routes.h"
#include "webhook_queue.h"

/* GET /status: what an operator watches, as JSON or for Prometheus. */

static void
answer_json(const wxs_webhook_queue *queue, wxs_response *response)
{
    wxs_json_writer json = {0};

    wxs_json_open(&json, NULL, '{');
    wxs_json_string(&json, "object", "status");
    wxs_json_open(&json, "webhooks", '{');
    wxs_json_integer(&json, "waiting", queue->waiting);
    wxs_json_integer(&json, "in_flight", queue->in_flight);
    wxs_json_time(&json, "oldest_due_at", queue->oldest_due_at);
    wxs_json_integer(&json, "attempts", queue->attempts);
    wxs_json_open(&json, "recent", '{');
    wxs_json_integer(&json, "attempts", queue->recent);
    wxs_json_integer(&json, "failed", queue->recent_failed);
    wxs_json_time(&json, "since", queue->recent_since);
    wxs_json_close(&json, '}');
    wxs_json_integer(&json, "failing", queue->failing);
    wxs_json_integer(&json, "disabled", queue->disabled);
    wxs_json_close(&json, '}');
    wxs_json_close(&json, '}');
    wxs_answer_text(response, 200, &json);
}

static bool
write_metric(const wxs_sink *sink, const char *name, const char *type,
             const char *help, int64_t value)
{
    char text[512];
    int len = snprintf(text, sizeof(text),
                       "# HELP waxseal_webhook_%s %s\n"
                       "# TYPE waxseal_webhook_%s %s\nwaxseal_webhook_%s "
                       "%lld\n",
                       name, help, name, type, name, (long long)value);

    return len > 0 && len < (int)sizeof(text) &&
           sink->write(sink->user, text, (size_t)len);
}

static bool
write_metrics(void *state, const wxs_sink *sink)
{
    const wxs_webhook_queue *queue = state;

    return write_metric(sink, "deliveries_waiting", "gauge",
                        "Deliveries that will be attempted.", queue->waiting) &&
           write_metric(sink, "deliveries_in_flight", "gauge",
                        "Deliveries that are under way.", queue->in_flight) &&
           write_metric(sink, "oldest_due_timestamp_seconds", "gauge",
                        "When the first of them was due, or will be; 0 = none.",
                        queue->oldest_due_at / 1000000) &&
           write_metric(sink, "attempts_total", "counter",
                        "Attempts ever made.", queue->attempts) &&
           write_metric(sink, "recent_attempts", "gauge",
                        "How many of the last attempts are looked at.",
                        queue->recent) &&
           write_metric(sink, "recent_attempts_failed", "gauge",
                        "How many of them failed.", queue->recent_failed) &&
           write_metric(sink, "failing", "gauge",
                        "Webhooks without a success since a failure.",
                        queue->failing) &&
           write_metric(sink, "disabled", "gauge",
                        "Webhooks that were disabled for it.", queue->disabled);
}

static void
answer_metrics(const wxs_webhook_queue *queue, wxs_response *response)
{
    wxs_webhook_queue *copy = malloc(sizeof(*copy));

    if (copy == NULL) {
        wxs_answer(response, 500, NULL);
        return;
    }
    *copy = *queue;
    wxs_answer_stream(response, "text/plain; version=0.0.4; charset=utf-8",
                      write_metrics, copy, free);
}

void
wxs_status_get(wxs_context *context, const wxs_request *request,
               wxs_response *response)
{
    char format[16] = "json";
    wxs_webhook_queue queue;
    wxs_error error;

    if (wxs_query_has(request, "format") &&
        !wxs_query_get(request, "format", format, sizeof(format)))
        format[0] = '\0';
    if (strcmp(format, "json") != 0 && strcmp(format, "prometheus") != 0)
        wxs_answer_error(response, 422, "validation_error",
                         "`format` must be `json` or `prometheus`.");
    else if (!wxs_webhook_queue_read(context->webhooks, context->control,
                                     &queue, &error))
        wxs_answer_internal(response, request, &error);
    else if (strcmp(format, "json") == 0)
        answer_json(&queue, response);
    else
        answer_metrics(&queue, response);
}
