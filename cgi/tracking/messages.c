#include "messages.h"

#include <openssl/crypto.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "message_request.h"
#include "message_store.h"
#include "rewrite.h"
#include "uuid.h"

/* One request on its way to the answer. */
struct call {
    wxs_context *context;
    const wxs_request *request;
    wxs_response *response;
    wxs_message_request message;
    wxs_tracking_domain domain;
    uint8_t id[WXS_MESSAGE_ID_SIZE];
    wxs_rewritten rewritten; /* html is NULL if it is left as it is */
    json_t *warnings;
};

static bool
fail_internal(const struct call *call, const wxs_error *error)
{
    wxs_answer_internal(call->response, call->request, error);
    return false;
}

__attribute__((format(printf, 2, 3))) static void
warn(struct call *call, const char *format, ...)
{
    char text[512];
    va_list args;

    va_start(args, format);
    if (vsnprintf(text, sizeof(text), format, args) > 0)
        json_array_append_new(call->warnings, json_string(text));
    va_end(args);
}

static bool
find_domain(struct call *call)
{
    wxs_error error;
    int found = wxs_tracking_domain_find(
        call->context->control, &call->context->identity, call->message.domain,
        &call->domain, &error);

    if (found < 0)
        return fail_internal(call, &error);
    if (found == 0)
        wxs_answer_error(call->response, 404, "not_found", "Domain not found");
    return found > 0;
}

/* Is this kind of tracking wanted and possible? Wanted but not possible is
 * worth a warning. */
static bool
applies(struct call *call, bool wanted, bool toggle, const char *events,
        const char *kind)
{
    const char *name = call->domain.name;

    if (!wanted || call->message.html == NULL ||
        call->message.mode == WXS_MODE_OFF)
        return false;
    if (call->domain.killed)
        warn(call, "%s are not tracked: the links of %s were withdrawn.",
             events, name);
    else if (!toggle)
        warn(call, "%s are not tracked: %s tracking is off for %s.", events,
             kind, name);
    else if (call->domain.host[0] == '\0')
        warn(call,
             "%s are not tracked: the Tracking record of %s is not verified "
             "yet.",
             events, name);
    return toggle && !call->domain.killed && call->domain.host[0] != '\0';
}

static void
warn_of_links(struct call *call)
{
    size_t too_long = call->rewritten.too_long;
    size_t too_many = call->rewritten.too_many;

    if (too_long > 0)
        warn(call, "%zu link%s not tracked: longer than %d bytes.", too_long,
             too_long == 1 ? " is" : "s are", WXS_DESTINATION_MAX);
    if (too_many > 0)
        warn(call,
             "%zu link%s not tracked: only the first %d of a message "
             "are.",
             too_many, too_many == 1 ? " is" : "s are", WXS_MESSAGE_LINKS_MAX);
}

static bool
start_minting(const struct call *call, wxs_minter *minter)
{
    wxs_link_secret secret;
    wxs_error error;
    wxs_status status;

    if (!wxs_tracking_domain_secret(call->context->control,
                                    call->context->state, &call->domain,
                                    &secret, &error))
        return fail_internal(call, &error);
    status = wxs_minter_init(minter, call->context->config, &call->domain,
                             &secret, call->id, call->message.mode);
    OPENSSL_cleanse(&secret, sizeof(secret));
    if (status == WXS_OK)
        return true;
    wxs_fail(&error, "cannot derive a link key: %s", wxs_status_text(status));
    return fail_internal(call, &error);
}

static bool
rewrite_html(struct call *call, bool clicks, bool opens)
{
    wxs_minter minter = {.key = NULL};
    wxs_error error;
    wxs_status status;

    if (!start_minting(call, &minter))
        return false;
    status =
        wxs_rewrite(call->context->config, &call->domain, &minter,
                    &call->message, clicks, opens, &call->rewritten, &error);
    wxs_minter_free(&minter);
    if (status == WXS_OK) {
        warn_of_links(call);
        return true;
    }
    if (status != WXS_BUSY)
        return fail_internal(call, &error);
    wxs_answer_error(call->response, 503, "application_error",
                     "The links are not in service yet. Please try again.");
    call->response->retry_after = 1;
    return false;
}

static bool
track(struct call *call)
{
    bool clicks = applies(call, call->message.clicks,
                          call->domain.click_tracking, "Clicks", "click");
    bool opens = applies(call, call->message.opens, call->domain.open_tracking,
                         "Opens", "open");

    return (!clicks && !opens) || rewrite_html(call, clicks, opens);
}

static bool
store(const struct call *call)
{
    wxs_error error;

    if (wxs_message_store(call->id, call->context->identity.account,
                          &call->domain, &call->message, &error))
        return true;
    return fail_internal(call, &error);
}

static void
answer(struct call *call)
{
    const wxs_message_request *message = &call->message;
    const wxs_rewritten *rewritten = &call->rewritten;
    const char *html =
        rewritten->html != NULL ? rewritten->html : message->html;
    size_t html_len =
        rewritten->html != NULL ? rewritten->html_len : message->html_len;
    json_t *links =
        rewritten->links != NULL ? json_incref(rewritten->links) : json_array();
    char id[WXS_UUID_TEXT];

    wxs_uuid_format(call->id, id);
    wxs_answer(
        call->response, 201,
        json_pack("{s:s, s:s, s:o, s:o, s:o, s:O}", "object", "message", "id",
                  id, "html",
                  html == NULL ? json_null() : json_stringn(html, html_len),
                  "text",
                  message->text == NULL
                      ? json_null()
                      : json_stringn(message->text, message->text_len),
                  "links", links, "warnings", call->warnings));
}

void
wxs_messages_create(wxs_context *context, const wxs_request *request,
                    wxs_response *response)
{
    struct call call = {
        .context = context,
        .request = request,
        .response = response,
    };
    json_t *body = wxs_body_object(request, response);

    if (body == NULL)
        return;
    call.warnings = json_array();
    if (call.warnings == NULL || !wxs_uuid_new(call.id))
        wxs_answer_internal(response, request,
                            &(wxs_error){"no memory or no randomness"});
    else if (wxs_message_request_read(body, &call.message, response) &&
             find_domain(&call) && track(&call) && store(&call))
        answer(&call);
    wxs_rewritten_free(&call.rewritten);
    json_decref(call.warnings);
    json_decref(body);
}
