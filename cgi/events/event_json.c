#include "event_json.h"

#include <string.h>

#include "clock.h"
#include "event_id.h"
#include "event_text.h"
#include "uuid.h"

static json_t *
text_or_null(const char *text)
{
    return text == NULL || text[0] == '\0'
               ? json_null()
               : wxs_event_string(text, strlen(text));
}

static json_t *
number_or_null(int64_t number)
{
    return number < 0 ? json_null() : json_integer(number);
}

static json_t *
message_json(const uint8_t *message)
{
    char text[WXS_UUID_TEXT];

    if (message == NULL)
        return json_null();
    wxs_uuid_format(message, text);
    return json_string(text);
}

json_t *
wxs_event_json(const wxs_event_row *row, const wxs_event_details *details,
               bool is_final)
{
    char id[WXS_EVENT_ID_TEXT], at[WXS_TIME_TEXT];
    char address[WXS_EVENT_ADDRESS_TEXT];

    wxs_event_id_format(row->id, id);
    wxs_time_iso(row->at * 1000, at);
    wxs_event_address(row, address);
    return json_pack(
        "{s:s, s:s, s:s, s:o, s:o, s:O, s:o, s:o, s:O, s:O, s:o, s:o, s:s, "
        "s:o, s:o, s:b, s:o, s:o}",
        "id", id, "type", wxs_event_type(row->type), "created_at", at,
        "domain_id", text_or_null(details->domain), "message_id",
        message_json(row->message), "tags", details->tags, "link",
        wxs_event_string(row->link, row->link_len), "link_index",
        number_or_null(row->link_index), "link_name", details->link_name,
        "link_tags", details->link_tags, "ip", text_or_null(address),
        "user_agent", wxs_event_string(row->agent, row->agent_len), "verdict",
        wxs_verdict_name(row->verdict), "reason", text_or_null(row->reason),
        "certainty", number_or_null(row->certainty), "final", is_final,
        "device", text_or_null(row->device), "country",
        text_or_null(row->country));
}
