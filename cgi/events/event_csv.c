#include "event_csv.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "event_id.h"
#include "event_text.h"

#define LINE_FIRST 4096 /* bytes; tags may make a line longer */

typedef struct {
    char *text;
    size_t size, used;
    bool failed;
} line;

static void
put(line *l, char c)
{
    if (l->used == l->size) {
        size_t size = l->size == 0 ? LINE_FIRST : l->size * 2;
        char *grown = realloc(l->text, size);
        if (grown == NULL) {
            l->failed = true;
            return;
        }
        l->text = grown;
        l->size = size;
    }
    l->text[l->used++] = c;
}

/* Appends the next field. */
static void
field(line *l, const char *text)
{
    bool is_quoted = strpbrk(text, "\",\r\n") != NULL;
    bool is_formula = text[0] != '\0' && strchr("=+-@\t\r", text[0]) != NULL;

    if (l->used > 0)
        put(l, ',');
    if (is_quoted)
        put(l, '"');
    if (is_formula)
        put(l, '\'');
    for (; *text != '\0'; text++) {
        if (*text == '"')
            put(l, '"');
        put(l, *text);
    }
    if (is_quoted)
        put(l, '"');
}

static void
number(line *l, int64_t value)
{
    char text[24] = "";

    if (value >= 0)
        (void)snprintf(text, sizeof(text), "%" PRId64, value);
    field(l, text);
}

/* Text that a client sent, cleaned of what is not UTF-8. */
static void
client_text(line *l, const char *text, size_t len)
{
    json_t *clean = wxs_event_string(text, len);

    l->failed = l->failed || clean == NULL;
    field(l, json_is_string(clean) ? json_string_value(clean) : "");
    json_decref(clean);
}

static void
object(line *l, const json_t *tags)
{
    char *text = json_is_object(tags) ? json_dumps(tags, JSON_COMPACT) : NULL;

    l->failed = l->failed || (json_is_object(tags) && text == NULL);
    field(l, text != NULL ? text : "");
    free(text);
}

static void
text_or_nothing(line *l, const char *text)
{
    field(l, text != NULL ? text : "");
}

static void
begin(line *l, const wxs_event_row *row, const char *domain)
{
    char id[WXS_EVENT_ID_TEXT], at[WXS_TIME_TEXT];
    char message[WXS_UUID_TEXT] = "";

    wxs_event_id_format(row->id, id);
    wxs_time_iso(row->at * 1000, at);
    if (row->message != NULL)
        wxs_uuid_format(row->message, message);
    field(l, id);
    field(l, wxs_event_type(row->type));
    field(l, at);
    field(l, domain);
    field(l, message);
}

bool
wxs_event_csv_head(const wxs_sink *sink)
{
    return wxs_sink_text(
        sink, "id,type,created_at,domain_id,message_id,tags,link,link_index,"
              "link_name,link_tags,ip,user_agent,verdict,reason,certainty,"
              "final,device,country\r\n");
}

bool
wxs_event_csv(const wxs_event_row *row, const wxs_event_details *details,
              bool is_final, const wxs_sink *sink)
{
    char address[WXS_EVENT_ADDRESS_TEXT];
    line l = {0};
    bool ok;

    wxs_event_address(row, address);
    begin(&l, row, details->domain);
    object(&l, details->tags);
    client_text(&l, row->link, row->link_len);
    number(&l, row->link_index);
    text_or_nothing(&l, json_string_value(details->link_name));
    object(&l, details->link_tags);
    field(&l, address);
    client_text(&l, row->agent, row->agent_len);
    field(&l, wxs_verdict_name(row->verdict));
    text_or_nothing(&l, row->reason);
    number(&l, row->certainty);
    field(&l, is_final ? "true" : "false");
    text_or_nothing(&l, row->device);
    text_or_nothing(&l, row->country);
    put(&l, '\r');
    put(&l, '\n');
    ok = !l.failed && sink->write(sink->user, l.text, l.used);
    free(l.text);
    return ok;
}
