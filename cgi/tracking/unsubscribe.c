#include "unsubscribe.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "warning.h"

bool
wxs_unsubscribe_wanted(const wxs_message *message)
{
    const wxs_message_request *request = message->request;
    const wxs_tracking_domain *domain = message->domain;

    if (!request->unsubscribe || request->unsubscribe_url != NULL)
        return false;
    if (message->links == WXS_LINKS_READY && !domain->killed)
        return true;
    wxs_warn(message->warnings, "There is no unsubscribe link: %s",
             domain->killed ? "the links of the domain were withdrawn."
             : message->links == WXS_LINKS_NO_HOST
                 ? "the Tracking record of the domain is not verified yet."
                 : "the domain wants https only, and its tracking host has no "
                   "certificate yet.");
    return false;
}

wxs_status
wxs_unsubscribe_mint(wxs_message *message, wxs_error *error)
{
    wxs_token token = {.type = WXS_TOKEN_UNSUBSCRIBE};
    size_t len;
    wxs_status status =
        wxs_mint(&message->minter, &token, message->unsubscribe, &len);

    if (status != WXS_OK)
        wxs_fail(error, "cannot mint an unsubscribe link: %s",
                 wxs_status_text(status));
    return status;
}

/* Is there a reason not to add the headers? */
static bool
has_own_headers(const wxs_message *message)
{
    if (message->mime == NULL ||
        !wxs_mime_get_head(message->mime)->has_unsubscribe)
        return false;
    wxs_warn(message->warnings,
             "The message keeps the List-Unsubscribe header that it has.");
    return true;
}

void
wxs_unsubscribe_list(wxs_message *message)
{
    const wxs_message_request *request = message->request;
    const char *url = request->unsubscribe_url != NULL
                          ? request->unsubscribe_url
                          : message->unsubscribe;
    wxs_list_unsubscribe list = {
        .url = url[0] == '\0' ? NULL : url,
        .address = request->unsubscribe_address,
    };

    if (!request->unsubscribe || (list.url == NULL && list.address == NULL) ||
        has_own_headers(message))
        return;
    list.wanted = true;
    list.one_click = list.url != NULL && strncasecmp(url, "https:", 6) == 0;
    if (list.url != NULL && !list.one_click)
        wxs_warn(message->warnings,
                 "Mail clients will not offer to unsubscribe with one click: "
                 "that takes a link with https.");
    message->list = list;
}

char *
wxs_unsubscribe_lines(const wxs_message *message)
{
    const wxs_list_unsubscribe *list = &message->list;
    const char *post =
        list->one_click ? "List-Unsubscribe-Post: " WXS_ONE_CLICK "\n" : "";
    char *lines = NULL;
    int len;

    if (!list->wanted)
        return strdup("");
    if (list->address == NULL)
        len = asprintf(&lines, "List-Unsubscribe: <%s>\n%s", list->url, post);
    else if (list->url == NULL)
        len =
            asprintf(&lines, "List-Unsubscribe: <mailto:%s>\n", list->address);
    else
        len = asprintf(&lines, "List-Unsubscribe: <%s>,\n <mailto:%s>\n%s",
                       list->url, list->address, post);
    return len < 0 ? NULL : lines;
}
