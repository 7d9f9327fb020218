#include "email_payload.h"

#include <arpa/inet.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "event_store.h"
#include "uuid.h"

#define ADDRESS_SIZE 16
#define PSEUDONYM    8

/* WXS_EMAIL_COLUMNS */
enum {
    CREATED_AT,
    SENDER,
    RECIPIENTS,
    SUBJECT,
    TAGS,
    LINK_NAME,
    LINK_TAGS
};

const char *
wxs_email_type(const wxs_event_row *event)
{
    if (event->message == NULL)
        return NULL;
    return event->type == 'o'   ? "email.opened"
           : event->type == 'c' ? "email.clicked"
                                : NULL;
}

/* Text as JSON, "" for NULL; bytes that are not UTF-8 become U+FFFD. */
static json_t *
text_json(const char *text, size_t len)
{
    char *clean;
    json_t *json;

    if (text == NULL)
        return json_string("");
    clean = malloc(3 * len + 1);
    if (clean == NULL)
        return NULL;
    json = json_stringn(clean, wxs_event_text(text, len, clean));
    free(clean);
    return json;
}

static json_t *
text_column(sqlite3_stmt *row, int column)
{
    const char *text = (const char *)sqlite3_column_text(row, column);

    return text_json(text, (size_t)sqlite3_column_bytes(row, column));
}

/* JSON that is kept as text; NULL if it is absent or not of the type. */
static json_t *
json_column(sqlite3_stmt *row, int column, json_type type)
{
    const char *text = (const char *)sqlite3_column_text(row, column);
    json_t *json = text != NULL ? json_loads(text, 0, NULL) : NULL;

    if (json != NULL && json_typeof(json) != type) {
        json_decref(json);
        json = NULL;
    }
    return json;
}

/* The address, or the hash that stands for it, or "". */
static json_t *
address_json(const wxs_event_row *event)
{
    const uint8_t *bytes = event->address;
    struct in6_addr address;
    char text[INET6_ADDRSTRLEN] = "";

    if (bytes != NULL && event->address_len == PSEUDONYM)
        return json_sprintf("pseudonym:%02x%02x%02x%02x%02x%02x%02x%02x",
                            bytes[0], bytes[1], bytes[2], bytes[3], bytes[4],
                            bytes[5], bytes[6], bytes[7]);
    if (bytes != NULL && event->address_len == ADDRESS_SIZE) {
        memcpy(&address, bytes, sizeof(address));
        if (IN6_IS_ADDR_V4MAPPED(&address))
            (void)inet_ntop(AF_INET, bytes + 12, text, sizeof(text));
        else
            (void)inet_ntop(AF_INET6, bytes, text, sizeof(text));
    }
    return json_string(text);
}

/* NULL, which leaves a field out, if there is no text. */
static json_t *
optional_json(const char *text)
{
    return text == NULL ? NULL : text_json(text, strlen(text));
}

/* Who opened or clicked, and whether it was a person. The first four are those
 * that clients know; of the others what is not known is left out. */
static json_t *
actor_json(const wxs_event_row *event, sqlite3_stmt *message, const char *at)
{
    bool is_click = event->type == 'c';
    json_t *link = is_click ? text_json(event->link, event->link_len) : NULL;
    json_t *name = is_click ? optional_json((const char *)sqlite3_column_text(
                                  message, LINK_NAME))
                            : NULL;
    json_t *tags =
        is_click ? json_column(message, LINK_TAGS, JSON_OBJECT) : NULL;
    json_t *certainty =
        event->certainty < 0 ? NULL : json_integer(event->certainty);

    return json_pack(
        "{s:o, s:o*, s:s, s:o, s:s, s:o, s:o*, s:o*, s:o*, s:o*, "
        "s:o*}",
        "ipAddress", address_json(event), "link", link, "timestamp", at,
        "userAgent", text_json(event->agent, event->agent_len), "verdict",
        wxs_verdict_name(event->verdict), "reason",
        text_json(event->reason, strlen(event->reason)), "certainty", certainty,
        "linkName", name, "linkTags", tags, "device",
        optional_json(event->device), "country", optional_json(event->country));
}

static json_t *
data_json(const wxs_event_row *event, sqlite3_stmt *message, const char *at,
          const char *domain)
{
    json_t *to = json_column(message, RECIPIENTS, JSON_ARRAY);
    char created_at[WXS_TIME_TEXT];
    char id[WXS_UUID_TEXT];

    wxs_uuid_format(event->message, id);
    (void)memcpy(created_at, at, sizeof(created_at));
    if (sqlite3_column_type(message, CREATED_AT) != SQLITE_NULL)
        wxs_time_iso(sqlite3_column_int64(message, CREATED_AT), created_at);
    return json_pack(
        "{s:s, s:s, s:o, s:o, s:o, s:o, s:o*, s:o}", "created_at", created_at,
        "email_id", id, "message_id", json_sprintf("<%s@%s>", id, domain),
        "from", text_column(message, SENDER), "to",
        to != NULL ? to : json_array(), "subject",
        text_column(message, SUBJECT), "tags",
        json_column(message, TAGS, JSON_OBJECT),
        event->type == 'c' ? "click" : "open", actor_json(event, message, at));
}

char *
wxs_email_payload(const wxs_event_row *event, sqlite3_stmt *message,
                  const char *domain)
{
    char at[WXS_TIME_TEXT] = "";
    char *text = NULL;
    json_t *json;

    wxs_time_iso(event->at * 1000, at);
    json = json_pack("{s:s, s:s, s:o}", "type", wxs_email_type(event),
                     "created_at", at, "data",
                     data_json(event, message, at, domain));
    if (json != NULL)
        text = json_dumps(json, JSON_COMPACT);
    json_decref(json);
    return text;
}
