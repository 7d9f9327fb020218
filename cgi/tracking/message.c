#include "message.h"

#include <stdlib.h>
#include <string.h>

#include "recipient_modes.h"
#include "unsubscribe.h"
#include "uuid.h"
#include "warning.h"

const char *
wxs_message_from(const wxs_message *message)
{
    if (message->request->from != NULL || message->mime == NULL)
        return message->request->from;
    return wxs_mime_get_head(message->mime)->from;
}

const char *
wxs_message_subject(const wxs_message *message)
{
    if (message->request->subject != NULL || message->mime == NULL)
        return message->request->subject;
    return wxs_mime_get_head(message->mime)->subject;
}

const json_t *
wxs_message_to(const wxs_message *message)
{
    if (message->request->to != NULL || message->mime == NULL)
        return message->request->to;
    return wxs_mime_get_head(message->mime)->to;
}

static bool
is_killed(const wxs_message *message)
{
    return message->domain->killed;
}

/* Is this kind of tracking wanted and possible? Wanted but not possible is
 * worth a warning. */
static bool
applies(const wxs_message *message, bool wanted, bool toggle,
        const char *events, const char *kind)
{
    const char *name = message->domain->name;

    if (!wanted || message->how.mode == WXS_MODE_OFF)
        return false;
    if (is_killed(message))
        wxs_warn(message->warnings,
                 "%s are not tracked: the links of %s were withdrawn.", events,
                 name);
    else if (!toggle)
        wxs_warn(message->warnings,
                 "%s are not tracked: %s tracking is off for %s.", events, kind,
                 name);
    else if (message->links == WXS_LINKS_NO_CERTIFICATE)
        wxs_warn(message->warnings,
                 "%s are not tracked: %s wants https only, and its tracking "
                 "host has no certificate yet.",
                 events, name);
    else if (message->links == WXS_LINKS_NO_HOST)
        wxs_warn(message->warnings,
                 "%s are not tracked: the Tracking record of %s is not "
                 "verified yet.",
                 events, name);
    return toggle && !is_killed(message) && message->links == WXS_LINKS_READY;
}

/* Reads the raw message into bodies, or takes those of the request. */
static wxs_status
read_bodies(wxs_message *message, wxs_error *error)
{
    const wxs_message_request *request = message->request;

    message->bodies = message->part;
    if (request->mime != NULL) {
        message->mime = wxs_mime_parse(request->mime, request->mime_len, error);
        if (message->mime == NULL)
            return WXS_BAD_FORMAT;
        message->bodies = wxs_mime_bodies(message->mime, &message->body_count);
        return WXS_OK;
    }
    if (request->html != NULL)
        message->part[message->body_count++] = (wxs_body){
            .is_html = true,
            .text = request->html,
            .len = request->html_len,
        };
    if (request->text != NULL)
        message->part[message->body_count++] = (wxs_body){
            .is_html = false,
            .text = request->text,
            .len = request->text_len,
        };
    return WXS_OK;
}

/* A header of the message may lower the mode: the sender's template, say. */
static void
apply_header(wxs_message *message)
{
    const char *value;
    wxs_mode ceiling;

    if (message->mime == NULL)
        return;
    value = wxs_mime_get_head(message->mime)->tracking;
    if (value == NULL)
        return;
    if (!wxs_mode_read(value, &ceiling))
        wxs_warn(message->warnings,
                 "The X-Waxseal-Tracking header is neither off, anonymous, "
                 "pseudonymous nor full: it counts as off.");
    if (!wxs_mode_read(value, &ceiling))
        ceiling = WXS_MODE_OFF;
    if (ceiling < message->how.mode)
        message->how.mode = ceiling;
}

/* The mode is the lowest of the domain's, the message's and the recipients';
 * everything else is the message's wish, else the domain's. */
static bool
settle(const wxs_workshop *workshop, wxs_message *message, wxs_error *error)
{
    wxs_response unused = {0};
    wxs_mode ceiling = message->domain->settings.mode;
    bool metadata = message->domain->settings.metadata &&
                    workshop->config->messages.keep_metadata_ms > 0;

    message->how = message->domain->settings;
    /* it was read before and is good */
    (void)wxs_tracking_fields_read(message->request->tracking, "",
                                   &message->how, &unused);
    wxs_response_clear(&unused);
    if (message->how.mode > ceiling)
        message->how.mode = ceiling;
    message->how.metadata = message->how.metadata && metadata;
    apply_header(message);
    return wxs_recipient_modes_apply(workshop->control, workshop->account,
                                     wxs_message_to(message),
                                     &message->how.mode, error);
}

/* May the raw message be changed at all? */
static bool
may_change(const wxs_message *message)
{
    const wxs_mime_head *head;

    if (message->mime == NULL)
        return true;
    head = wxs_mime_get_head(message->mime);
    if (head->is_signed)
        wxs_warn(message->warnings,
                 "The message is left as it is: it carries a DKIM or ARC "
                 "signature, which a change would break. Sign it afterwards.");
    else if (head->foreign > 0)
        wxs_warn(message->warnings,
                 "%zu text part%s left alone: the encoding or charset is not "
                 "known.",
                 head->foreign, head->foreign == 1 ? " is" : "s are");
    return !head->is_signed;
}

static bool
has_html(const wxs_message *message)
{
    for (size_t i = 0; i < message->body_count; i++)
        if (message->bodies[i].is_html)
            return true;
    return false;
}

/* The destinations that are the message's own ways to unsubscribe. */
static size_t
list_spared(const wxs_message *message, const char **spared, size_t max)
{
    const json_t *urls =
        message->mime == NULL
            ? NULL
            : wxs_mime_get_head(message->mime)->unsubscribe_urls;
    size_t count = 0;

    if (message->request->unsubscribe_url != NULL)
        spared[count++] = message->request->unsubscribe_url;
    for (size_t i = 0; i < json_array_size(urls) && count < max; i++)
        spared[count++] = json_string_value(json_array_get(urls, i));
    return count;
}

static wxs_status
rewrite(const wxs_workshop *workshop, wxs_message *message, bool clicks,
        bool opens, wxs_error *error)
{
    const char *spared[16];
    wxs_rewriting how = {
        .config = workshop->config,
        .domain = message->domain,
        .minter = &message->minter,
        .clicks = clicks,
        .opens = opens,
        .top_pixel = message->how.top_pixel,
        .text_links = message->how.text_links,
        .table_links = message->how.table_links,
        .unsubscribe =
            message->unsubscribe[0] == '\0' ? NULL : message->unsubscribe,
        .utm = message->how.utm,
        .spared = spared,
    };

    how.spared_count =
        list_spared(message, spared, sizeof(spared) / sizeof(spared[0]));
    return wxs_rewrite(&how, message->bodies, message->body_count,
                       &message->rewritten, error);
}

static void
warn_of_links(const wxs_message *message)
{
    size_t too_long = message->rewritten.too_long;
    size_t too_many = message->rewritten.too_many;

    if (too_long > 0)
        wxs_warn(message->warnings,
                 "%zu link%s not tracked: longer than %d bytes.", too_long,
                 too_long == 1 ? " is" : "s are", WXS_DESTINATION_MAX);
    if (too_many > 0)
        wxs_warn(message->warnings,
                 "%zu link%s not tracked: only the first %d of a message are.",
                 too_many, too_many == 1 ? " is" : "s are",
                 WXS_MESSAGE_LINKS_MAX);
}

static wxs_status
track(const wxs_workshop *workshop, wxs_message *message, wxs_error *error)
{
    const wxs_message_request *request = message->request;
    bool html = has_html(message);
    bool links = html || (message->body_count > 0 && message->how.text_links);
    bool clicks = applies(message, links && request->clicks,
                          message->domain->click_tracking, "Clicks", "click");
    bool opens = applies(message, html && request->opens,
                         message->domain->open_tracking, "Opens", "open");
    bool unsubscribe = wxs_unsubscribe_wanted(message);
    wxs_status status = WXS_OK;

    if (!clicks && !opens && !unsubscribe)
        return WXS_OK;
    if (!wxs_workshop_minter(workshop, message->domain, message->id,
                             message->how.mode, &message->minter, error))
        return WXS_IO;
    if (unsubscribe)
        status = wxs_unsubscribe_mint(message, error);
    if (status == WXS_OK)
        status = rewrite(workshop, message, clicks, opens, error);
    if (status == WXS_OK)
        warn_of_links(message);
    return status;
}

wxs_status
wxs_message_make(const wxs_workshop *workshop,
                 const wxs_tracking_domain *domain,
                 const wxs_message_request *request, wxs_message *message,
                 wxs_error *error)
{
    wxs_status status;

    *message = (wxs_message){
        .request = request,
        .domain = domain,
        .links = wxs_tracking_domain_links(domain, workshop->config),
    };
    message->warnings = json_array();
    if (message->warnings == NULL || !wxs_uuid_new_ordered(message->id)) {
        wxs_fail(error, "no memory or no randomness");
        return WXS_NO_MEMORY;
    }
    status = read_bodies(message, error);
    if (status != WXS_OK)
        return status;
    if (!settle(workshop, message, error))
        return WXS_IO;
    if (!may_change(message))
        return WXS_OK;
    status = track(workshop, message, error);
    if (status == WXS_OK)
        wxs_unsubscribe_list(message);
    return status;
}

char *
wxs_message_body(const wxs_body *body, size_t *len)
{
    return wxs_edits_apply(body->text, body->len, body->edits, body->edit_count,
                           len);
}

void
wxs_message_free(wxs_message *message)
{
    wxs_minter_free(&message->minter);
    wxs_rewritten_free(&message->rewritten);
    for (size_t i = 0; i < 2; i++)
        wxs_body_free(&message->part[i]);
    wxs_mime_free(message->mime);
    json_decref(message->warnings);
    memset(message, 0, sizeof(*message));
}
