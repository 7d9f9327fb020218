#include "event_json.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "utf8.h"
#include "uuid.h"

#define ID_PREFIX    "evt_"
#define ID_DIGITS    16
#define ADDRESS_SIZE 16
#define PSEUDONYM    8

void
wxs_event_id_format(int64_t id, char text[WXS_EVENT_ID_TEXT])
{
    snprintf(text, WXS_EVENT_ID_TEXT, ID_PREFIX "%016" PRIx64, (uint64_t)id);
}

bool
wxs_event_id_parse(const char *text, int64_t *id)
{
    const char *digits = text + sizeof(ID_PREFIX) - 1;
    uint64_t value;

    if (strncmp(text, ID_PREFIX, sizeof(ID_PREFIX) - 1) != 0 ||
        strspn(digits, "0123456789abcdef") != ID_DIGITS ||
        digits[ID_DIGITS] != '\0')
        return false;
    value = strtoull(digits, NULL, 16);
    if (value == 0 || value > INT64_MAX)
        return false;
    *id = (int64_t)value;
    return true;
}

/* JSON of text that a client sent: bytes that are not UTF-8 become U+FFFD. */
static json_t *
lossy_string(const char *text, size_t len)
{
    static const char replacement[] = "\xef\xbf\xbd";
    char *clean = malloc(len * 3 + 1);
    size_t used = 0;
    json_t *json;

    if (clean == NULL)
        return NULL;
    for (size_t i = 0; i < len;) {
        size_t size = wxs_utf8_length(text + i, len - i);
        memcpy(clean + used, size > 0 ? text + i : replacement,
               size > 0 ? size : 3);
        used += size > 0 ? size : 3;
        i += size > 0 ? size : 1;
    }
    json = json_stringn(clean, used);
    free(clean);
    return json;
}

static json_t *
text_json(const char *text, size_t len)
{
    return text == NULL ? json_null() : lossy_string(text, len);
}

static json_t *
text_column(sqlite3_stmt *row, int column)
{
    return text_json((const char *)sqlite3_column_text(row, column),
                     (size_t)sqlite3_column_bytes(row, column));
}

static json_t *
message_json(const wxs_event_row *event)
{
    char text[WXS_UUID_TEXT];

    if (event->message == NULL)
        return json_null();
    wxs_uuid_format(event->message, text);
    return json_string(text);
}

/* The address, the hash that stands for it in pseudonymous mode, or null. */
static json_t *
address_json(const wxs_event_row *event)
{
    const uint8_t *bytes = event->address;
    struct in6_addr address;
    char text[INET6_ADDRSTRLEN];

    if (bytes != NULL && event->address_len == PSEUDONYM)
        return json_sprintf("pseudonym:%02x%02x%02x%02x%02x%02x%02x%02x",
                            bytes[0], bytes[1], bytes[2], bytes[3], bytes[4],
                            bytes[5], bytes[6], bytes[7]);
    if (bytes == NULL || event->address_len != ADDRESS_SIZE)
        return json_null();
    memcpy(&address, bytes, sizeof(address));
    if (IN6_IS_ADDR_V4MAPPED(&address))
        inet_ntop(AF_INET, bytes + 12, text, sizeof(text));
    else
        inet_ntop(AF_INET6, bytes, text, sizeof(text));
    return json_string(text);
}

static const char *
type_name(int type)
{
    switch (type) {
    case 'c':
        return "click";
    case 'o':
        return "open";
    default:
        return "unsubscribe";
    }
}

static json_t *
domain_id(wxs_db *control, int64_t number, wxs_error *error)
{
    sqlite3_stmt *row = wxs_db_prepare(
        control, "SELECT id FROM domains WHERE number = ?", error);
    json_t *id = NULL;
    int step;

    if (row == NULL)
        return NULL;
    sqlite3_bind_int64(row, 1, number);
    step = wxs_db_step(control, row, error);
    if (step >= 0)
        id = step == 0 ? json_null() : text_column(row, 0);
    if (step >= 0 && id == NULL)
        wxs_fail(error, "out of memory");
    wxs_db_done(row);
    return id;
}

/* Name and tags of the link, null if it has none. */
static bool
link_json(wxs_db *events, const wxs_event_row *event, json_t **name,
          json_t **tags, wxs_error *error)
{
    static const char sql[] = "SELECT name, tags FROM message_links "
                              "WHERE message = ?1 AND link_index = ?2";
    sqlite3_stmt *row;
    const char *text;
    int found;

    *name = json_null();
    *tags = json_null();
    if (event->message == NULL || event->link_index < 0)
        return true;
    row = wxs_db_prepare(events, sql, error);
    if (row == NULL)
        return false;
    sqlite3_bind_blob(row, 1, event->message, WXS_UUID_SIZE, SQLITE_STATIC);
    sqlite3_bind_int64(row, 2, event->link_index);
    found = wxs_db_step(events, row, error);
    if (found == 1) {
        *name = text_column(row, 0);
        text = (const char *)sqlite3_column_text(row, 1);
        *tags = text == NULL ? NULL : json_loads(text, 0, NULL);
        if (*tags == NULL)
            *tags = json_null();
    }
    wxs_db_done(row);
    return found >= 0;
}

json_t *
wxs_event_json(wxs_db *control, wxs_db *events, const wxs_event_row *event,
               bool is_final, wxs_error *error)
{
    char id[WXS_EVENT_ID_TEXT];
    char at[WXS_TIME_TEXT];
    json_t *name, *tags, *json;
    json_t *domain = domain_id(control, event->domain, error);

    if (domain == NULL)
        return NULL;
    if (!link_json(events, event, &name, &tags, error)) {
        json_decref(domain);
        return NULL;
    }
    wxs_event_id_format(event->id, id);
    wxs_time_iso(event->at * 1000, at);
    json = json_pack(
        "{s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:s, s:o, "
        "s:b}",
        "id", id, "type", type_name(event->type), "created_at", at, "domain_id",
        domain, "message_id", message_json(event), "link",
        text_json(event->link, event->link_len), "link_index",
        event->link_index < 0 ? json_null() : json_integer(event->link_index),
        "link_name", name, "link_tags", tags, "ip", address_json(event),
        "user_agent", text_json(event->agent, event->agent_len), "verdict",
        wxs_verdict_name(event->verdict), "reason",
        text_json(event->reason, strlen(event->reason)), "final", is_final);
    if (json == NULL)
        wxs_fail(error, "out of memory");
    return json;
}
