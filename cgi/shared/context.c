#include "service.h"

static bool
open_events(wxs_context *context, const char *dir, wxs_error *error)
{
    return wxs_db_open(&context->events, dir, WXS_DB_EVENTS, WXS_DB_READ,
                       error) &&
           wxs_db_open(&context->counts, dir, WXS_DB_COUNTS, WXS_DB_READ,
                       error) &&
           wxs_event_parts_open(&context->parts, dir, error);
}

bool
wxs_context_open(wxs_context *context, const wxs_service *service,
                 const char *dir, wxs_error *error)
{
    return wxs_db_open(&context->control, dir, WXS_DB_CONTROL, WXS_DB_READ,
                       error) &&
           wxs_db_open(&context->requests, dir, WXS_DB_REQUESTS, WXS_DB_READ,
                       error) &&
           (!service->uses_events || open_events(context, dir, error)) &&
           (!service->uses_webhooks ||
            wxs_db_open(&context->webhooks, dir, WXS_DB_WEBHOOKS, WXS_DB_READ,
                        error));
}

void
wxs_context_close(wxs_context *context)
{
    wxs_db_close(context->control);
    wxs_db_close(context->requests);
    wxs_event_parts_close(context->parts);
    wxs_db_close(context->counts);
    wxs_db_close(context->events);
    wxs_db_close(context->webhooks);
    context->control = context->requests = context->counts = NULL;
    context->events = context->webhooks = NULL;
    context->parts = NULL;
}
