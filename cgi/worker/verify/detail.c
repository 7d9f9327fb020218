#include "detail.h"

#include <jansson.h>

#include "clock.h"

const char *
wxs_record_kind_name(wxs_record_kind kind)
{
    static const char *const names[] = {
        [WXS_RECORD_DKIM] = "dkim",
        [WXS_RECORD_SPF] = "spf",
        [WXS_RECORD_MX] = "mx",
        [WXS_RECORD_DMARC] = "dmarc",
        [WXS_RECORD_TRACKING] = "tracking",
    };

    return names[kind];
}

/* Adds the value, whose reference passes to the object; NULL spoils it all. */
static bool
put(json_t *object, const char *key, json_t *value)
{
    return json_object_set_new(object, key, value) == 0;
}

static json_t *
time_json(int64_t us)
{
    char text[WXS_TIME_TEXT];

    if (us == 0) {
        return json_null();
    }
    wxs_time_text(us, text);
    return json_string(text);
}

static json_t *
found_json(const wxs_verdict *verdict)
{
    json_t *list = json_array();

    for (size_t i = 0; i < verdict->found_count; i++) {
        (void)json_array_append_new(list, json_string(verdict->found[i]));
    }
    return list;
}

static json_t *
servers_json(const wxs_check_result *result)
{
    json_t *list = json_array();

    for (size_t i = 0; i < result->seen_count; i++) {
        const wxs_observation *seen = &result->seen[i];

        (void)json_array_append_new(
            list, json_pack("{s:s, s:s, s:s?}", "host", seen->host, "address",
                            seen->address, "state", result->verdict.server[i]));
    }
    return list;
}

/* The text of object, which is released; NULL unless ok. */
static char *
text_of(json_t *object, bool ok)
{
    char *text = ok ? json_dumps(object, JSON_COMPACT) : NULL;

    json_decref(object);
    return text;
}

char *
wxs_detail_record(const wxs_expected *expected, const wxs_check_result *result,
                  int64_t checked_at, int64_t next_check_at)
{
    const wxs_verdict *verdict = &result->verdict;
    json_t *object = json_object();
    bool ok =
        put(object, "code", json_string(verdict->code)) &&
        put(object, "class", json_string(wxs_class_name(verdict->class))) &&
        put(object, "message", json_string(verdict->message)) &&
        put(object, "fix",
            verdict->fix[0] == '\0' ? json_null()
                                    : json_string(verdict->fix)) &&
        put(object, "found", found_json(verdict)) &&
        put(object, "expected",
            json_string(expected->alias != NULL ? expected->alias
                                                : expected->value)) &&
        put(object, "nameservers", servers_json(result)) &&
        put(object, "checked_at", time_json(checked_at)) &&
        put(object, "next_check_at", time_json(next_check_at)) &&
        put(object, "confirmed_by",
            result->confirmed_by == NULL ? json_null()
                                         : json_string(result->confirmed_by));

    return text_of(object, ok);
}

char *
wxs_detail_evidence(const wxs_check_job *job, const wxs_check_result *results,
                    const char *code)
{
    json_t *object = json_object();
    json_t *list = json_array();

    for (size_t i = 0; i < job->count; i++) {
        const wxs_verdict *verdict = &results[i].verdict;

        (void)json_array_append_new(
            list, json_pack("{s:s, s:s, s:s, s:s, s:s}", "record",
                            wxs_record_kind_name(job->record[i].kind), "fqdn",
                            job->record[i].fqdn, "class",
                            wxs_class_name(verdict->class), "code",
                            verdict->code, "message", verdict->message));
    }
    bool ok = put(object, "records", list) &&
              (code == NULL || put(object, "code", json_string(code)));

    return text_of(object, ok);
}
