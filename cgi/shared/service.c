#include "service.h"

#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "idempotency.h"
#include "log.h"
#include "path.h"
#include "redact.h"
#include "request_log.h"

void
wxs_answer_internal(wxs_response *response, const wxs_request *request,
                    const wxs_error *error)
{
    wxs_log(WXS_LOG_ERROR, "a request failed", "request_id", request->id,
            "error", error->text, NULL);
    wxs_answer_error(response, 500, "internal_server_error",
                     "Something went wrong inside the server. Please try "
                     "again; the request id is %s.",
                     request->id);
}

/* HEAD is GET; the web server leaves the body out. */
static bool
method_matches(const wxs_route *route, const char *method)
{
    return strcmp(route->method, method) == 0 ||
           (strcmp(method, "HEAD") == 0 && strcmp(route->method, "GET") == 0);
}

/* Adds a method to the list of an Allow header. */
static void
allow_method(char allow[48], const char *method)
{
    size_t used = strlen(allow);

    if (strstr(allow, method) == NULL)
        snprintf(allow + used, 48 - used, "%s%s", used > 0 ? ", " : "", method);
}

/* Finds the route and fills the parameters of the request. NULL if there is
 * none; then allow has the methods that the path knows. */
static const wxs_route *
find_route(const wxs_service *service, wxs_request *request, char allow[48])
{
    const wxs_route *route;

    allow[0] = '\0';
    for (route = service->routes; route->method != NULL; route++) {
        if (!wxs_path_match(route->pattern, request->path, request->param))
            continue;
        if (method_matches(route, request->method))
            return route;
        allow_method(allow, route->method);
    }
    return NULL;
}

static void
answer_no_route(const char *allow, wxs_response *response)
{
    if (*allow == '\0') {
        wxs_answer_error(response, 404, "not_found",
                         "The requested endpoint does not exist.");
        return;
    }
    wxs_answer_error(response, 405, "method_not_allowed",
                     "Method is not allowed for the requested path.");
    snprintf(response->allow, sizeof(response->allow), "%s", allow);
}

/* The path in full stays out of the log: it may hold addresses. */
static void
log_request(const wxs_route *route, const wxs_context *context,
            const wxs_request *request, const wxs_response *response,
            int64_t took_ms)
{
    char status[12];
    char took[24];
    char account[24];
    char size[24];
    char agent[128];

    snprintf(status, sizeof(status), "%d", response->status);
    snprintf(took, sizeof(took), "%lld", (long long)took_ms);
    snprintf(account, sizeof(account), "%lld",
             (long long)context->identity.account);
    snprintf(size, sizeof(size), "%zu", request->body_len);
    wxs_redact_text(request->user_agent, agent, sizeof(agent));
    wxs_log(WXS_LOG_INFO, "request", "method", request->method, "route",
            route == NULL ? "" : route->pattern, "status", status, "ms", took,
            "request_id", request->id, "key_id", context->identity.key_id,
            "account", account, "remote",
            request->remote != NULL ? request->remote : "", "request_bytes",
            size, "user_agent", agent, NULL);
}

size_t
wxs_service_body_max(const wxs_service *service, const wxs_request *request)
{
    if (service->large_path != NULL &&
        strcmp(service->large_path, request->path) == 0)
        return service->large_body_max;
    return service->body_max;
}

static void
call_handler(const wxs_route *route, wxs_context *context,
             const wxs_request *request, wxs_response *response)
{
    wxs_idempotent idempotent =
        wxs_idempotency_begin(context, request, response);

    if (idempotent == WXS_IDEMPOTENT_ANSWERED)
        return;
    route->handler(context, request, response);
    if (response->status == 0)
        wxs_answer_internal(response, request,
                            &(wxs_error){"the handler gave no answer"});
    if (idempotent == WXS_IDEMPOTENT_FIRST)
        wxs_idempotency_end(request, &context->identity, response);
}

/* Counts the request: for the account if it has a limit of its own, else for
 * the key, and without a valid key for the address it comes from. */
static bool
is_within_limit(const wxs_context *context, const wxs_request *request,
                wxs_rate *rate)
{
    const wxs_identity *identity = &context->identity;
    char account[32];

    if (identity->rate_limit > 0) {
        snprintf(account, sizeof(account), "account %lld",
                 (long long)identity->account);
        return wxs_rate_take(account, identity->rate_limit, rate);
    }
    if (identity->key_id[0] == '\0')
        return wxs_rate_take(request->remote != NULL ? request->remote : "",
                             context->config->api.rate_limit, rate);
    return wxs_rate_take(identity->key_id, context->config->api.rate_limit,
                         rate);
}

/* Answers for the web server, in whose words are no limits and no JSON. */
static void
answer_refused(int status, wxs_response *response)
{
    static const struct {
        int status;
        const char *name;
        const char *message;
    } known[] = {
        {404, "not_found", "The requested endpoint does not exist."},
        {405, "method_not_allowed",
         "Method is not allowed for the requested path."},
        {408, "validation_error", "The request did not arrive in time."},
        {413, "validation_error", "The request body is too large."},
        {500, "internal_server_error",
         "Something went wrong inside the server. Please try again."},
    };

    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (known[i].status == status) {
            wxs_answer_error(response, status, known[i].name, "%s",
                             known[i].message);
            return;
        }
    }
    wxs_answer_error(response, 400, "validation_error",
                     "The request is not valid HTTP or has a part that is too "
                     "long.");
}

/* Whose limit it counts for is known if the key has arrived. */
static void
find_caller(wxs_context *context, const wxs_request *request)
{
    wxs_response unused = {0};

    (void)wxs_authenticate(context->control, request, WXS_SENDING_ACCESS,
                           &context->identity, &unused);
    wxs_response_clear(&unused);
}

static void
dispatch(const wxs_service *service, const wxs_route *route,
         wxs_context *context, const wxs_request *request,
         wxs_response *response)
{
    bool ok = request->refused == 0 && route != NULL &&
              wxs_authenticate(context->control, request, route->needed,
                               &context->identity, response);
    wxs_rate rate = {0};

    if (request->refused != 0)
        find_caller(context, request);

    if (context->config != NULL && !is_within_limit(context, request, &rate)) {
        wxs_answer_error(response, 429, "rate_limit_exceeded",
                         "Too many requests. You can only make %d requests per "
                         "second.",
                         rate.limit);
        response->retry_after = rate.reset;
    } else if (ok &&
               request->body_len > wxs_service_body_max(service, request)) {
        wxs_answer_error(response, 413, "validation_error",
                         "The request body is larger than %zu bytes.",
                         wxs_service_body_max(service, request));
    } else if (ok) {
        call_handler(route, context, request, response);
    }
    response->rate = rate;
}

/* What only reads does so in one transaction: the key is looked up and the
 * answer made from one state of control.db, which is locked once. */
static void
dispatch_read(const wxs_service *service, const wxs_route *route,
              wxs_context *context, const wxs_request *request,
              wxs_response *response)
{
    wxs_error error;

    if (!wxs_db_begin_read(context->control, &error)) {
        wxs_answer_internal(response, request, &error);
        return;
    }
    dispatch(service, route, context, request, response);
    wxs_db_end_read(context->control);
}

void
wxs_service_handle(const wxs_service *service, wxs_context *context,
                   wxs_request *request, wxs_response *response)
{
    int64_t start = wxs_monotonic_ms();
    char allow[sizeof(response->allow)];
    const wxs_route *route = find_route(service, request, allow);

    memset(&context->identity, 0, sizeof(context->identity));
    if (request->refused != 0)
        answer_refused(request->refused, response);
    else if (route == NULL)
        answer_no_route(allow, response);
    if (route != NULL && strcmp(route->method, "GET") == 0)
        dispatch_read(service, route, context, request, response);
    else
        dispatch(service, route, context, request, response);
    log_request(route, context, request, response, wxs_monotonic_ms() - start);
    if (context->identity.account != 0 && !response->unlogged)
        wxs_request_log_note(request, &context->identity,
                             service->keeps_bodies &&
                                 (strcmp(request->method, "GET") != 0 ||
                                  response->status >= 400),
                             response);
}
