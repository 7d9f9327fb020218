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

enum {
    ID,
    ACCOUNT,
    TYPE,
    AT,
    MESSAGE,
    DOMAIN,
    LINK,
    ADDRESS,
    AGENT,
    VERDICT,
    REASON,
    CREATED_AT,
    SENDER,
    RECIPIENTS,
    SUBJECT,
    TAGS
};

const char *
wxs_email_type(sqlite3_stmt *row)
{
    int type = sqlite3_column_int(row, TYPE);

    if (sqlite3_column_bytes(row, MESSAGE) != WXS_UUID_SIZE)
        return NULL;
    return type == 'o' ? "email.opened" : type == 'c' ? "email.clicked" : NULL;
}

/* Text as JSON, "" for NULL; bytes that are not UTF-8 become U+FFFD. */
static json_t *
text_column(sqlite3_stmt *row, int column)
{
    const char *text = (const char *)sqlite3_column_text(row, column);
    size_t len = (size_t)sqlite3_column_bytes(row, column);
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
address_column(sqlite3_stmt *row)
{
    const uint8_t *bytes = sqlite3_column_blob(row, ADDRESS);
    int size = sqlite3_column_bytes(row, ADDRESS);
    struct in6_addr address;
    char text[INET6_ADDRSTRLEN] = "";

    if (bytes != NULL && size == PSEUDONYM)
        return json_sprintf("pseudonym:%02x%02x%02x%02x%02x%02x%02x%02x",
                            bytes[0], bytes[1], bytes[2], bytes[3], bytes[4],
                            bytes[5], bytes[6], bytes[7]);
    if (bytes != NULL && size == ADDRESS_SIZE) {
        memcpy(&address, bytes, sizeof(address));
        if (IN6_IS_ADDR_V4MAPPED(&address))
            (void)inet_ntop(AF_INET, bytes + 12, text, sizeof(text));
        else
            (void)inet_ntop(AF_INET6, bytes, text, sizeof(text));
    }
    return json_string(text);
}

/* Who opened or clicked, and whether it was a person. */
static json_t *
actor_json(sqlite3_stmt *row, const char *at, bool is_click)
{
    return json_pack(
        "{s:o, s:o*, s:s, s:o, s:o, s:o}", "ipAddress", address_column(row),
        "link", is_click ? text_column(row, LINK) : NULL, "timestamp", at,
        "userAgent", text_column(row, AGENT), "verdict",
        text_column(row, VERDICT), "reason", text_column(row, REASON));
}

static json_t *
data_json(sqlite3_stmt *row, const char *at, const char *domain, bool is_click)
{
    json_t *to = json_column(row, RECIPIENTS, JSON_ARRAY);
    char created_at[WXS_TIME_TEXT];
    char id[WXS_UUID_TEXT];

    wxs_uuid_format(sqlite3_column_blob(row, MESSAGE), id);
    (void)memcpy(created_at, at, sizeof(created_at));
    if (sqlite3_column_type(row, CREATED_AT) != SQLITE_NULL)
        wxs_time_iso(sqlite3_column_int64(row, CREATED_AT), created_at);
    return json_pack(
        "{s:s, s:s, s:o, s:o, s:o, s:o, s:o*, s:o}", "created_at", created_at,
        "email_id", id, "message_id", json_sprintf("<%s@%s>", id, domain),
        "from", text_column(row, SENDER), "to", to != NULL ? to : json_array(),
        "subject", text_column(row, SUBJECT), "tags",
        json_column(row, TAGS, JSON_OBJECT), is_click ? "click" : "open",
        actor_json(row, at, is_click));
}

char *
wxs_email_payload(sqlite3_stmt *row, const char *domain)
{
    const char *type = wxs_email_type(row);
    char at[WXS_TIME_TEXT] = "";
    char *text = NULL;
    json_t *json;

    wxs_time_iso(sqlite3_column_int64(row, AT) * 1000, at);
    json = json_pack(
        "{s:s, s:s, s:o}", "type", type, "created_at", at, "data",
        data_json(row, at, domain, sqlite3_column_int(row, TYPE) == 'c'));
    if (json != NULL)
        text = json_dumps(json, JSON_COMPACT);
    json_decref(json);
    return text;
}
