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

enum {
    ID,
    DOMAIN,
    MESSAGE,
    TYPE,
    AT,
    LINK,
    LINK_INDEX,
    ADDRESS,
    AGENT,
    VERDICT,
    REASON,
    LINK_NAME,
    LINK_TAGS
};

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
text_column(sqlite3_stmt *row, int column)
{
    const char *text = (const char *)sqlite3_column_text(row, column);

    if (text == NULL)
        return json_null();
    return lossy_string(text, (size_t)sqlite3_column_bytes(row, column));
}

static json_t *
integer_column(sqlite3_stmt *row, int column)
{
    if (sqlite3_column_type(row, column) == SQLITE_NULL)
        return json_null();
    return json_integer(sqlite3_column_int64(row, column));
}

static json_t *
message_column(sqlite3_stmt *row)
{
    const uint8_t *message = sqlite3_column_blob(row, MESSAGE);
    char text[WXS_UUID_TEXT];

    if (message == NULL || sqlite3_column_bytes(row, MESSAGE) != WXS_UUID_SIZE)
        return json_null();
    wxs_uuid_format(message, text);
    return json_string(text);
}

/* The address, the hash that stands for it in pseudonymous mode, or null. */
static json_t *
address_column(sqlite3_stmt *row)
{
    const uint8_t *bytes = sqlite3_column_blob(row, ADDRESS);
    int size = sqlite3_column_bytes(row, ADDRESS);
    struct in6_addr address;
    char text[INET6_ADDRSTRLEN];

    if (bytes != NULL && size == PSEUDONYM)
        return json_sprintf("pseudonym:%02x%02x%02x%02x%02x%02x%02x%02x",
                            bytes[0], bytes[1], bytes[2], bytes[3], bytes[4],
                            bytes[5], bytes[6], bytes[7]);
    if (bytes == NULL || size != ADDRESS_SIZE)
        return json_null();
    memcpy(&address, bytes, sizeof(address));
    if (IN6_IS_ADDR_V4MAPPED(&address))
        inet_ntop(AF_INET, bytes + 12, text, sizeof(text));
    else
        inet_ntop(AF_INET6, bytes, text, sizeof(text));
    return json_string(text);
}

/* An object that is kept as text; null if there is none. */
static json_t *
object_column(sqlite3_stmt *row, int column)
{
    const char *text = (const char *)sqlite3_column_text(row, column);
    json_t *json = text == NULL ? NULL : json_loads(text, 0, NULL);

    return json == NULL ? json_null() : json;
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

json_t *
wxs_event_json(wxs_db *control, sqlite3_stmt *row, wxs_error *error)
{
    char id[WXS_EVENT_ID_TEXT];
    char at[WXS_TIME_TEXT];
    json_t *domain =
        domain_id(control, sqlite3_column_int64(row, DOMAIN), error);
    json_t *event;

    if (domain == NULL)
        return NULL;
    wxs_event_id_format(sqlite3_column_int64(row, ID), id);
    wxs_time_iso(sqlite3_column_int64(row, AT) * 1000, at);
    event = json_pack(
        "{s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, "
        "s:b}",
        "id", id, "type", type_name(sqlite3_column_int(row, TYPE)),
        "created_at", at, "domain_id", domain, "message_id",
        message_column(row), "link", text_column(row, LINK), "link_index",
        integer_column(row, LINK_INDEX), "link_name",
        text_column(row, LINK_NAME), "link_tags", object_column(row, LINK_TAGS),
        "ip", address_column(row), "user_agent", text_column(row, AGENT),
        "verdict", text_column(row, VERDICT), "reason",
        text_column(row, REASON), "final", 1);
    if (event == NULL)
        wxs_fail(error, "out of memory");
    return event;
}
