#include "detail.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

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

#define CONTEXT_BEFORE 24
#define CONTEXT_AFTER  40

/* "...part of the text from the difference's context on..." */
static json_t *
excerpt(const char *text, size_t at)
{
    char part[CONTEXT_BEFORE + CONTEXT_AFTER + 8];
    size_t length = strlen(text);
    size_t from = at > CONTEXT_BEFORE ? at - CONTEXT_BEFORE : 0;
    size_t end = at + CONTEXT_AFTER < length ? at + CONTEXT_AFTER : length;

    (void)snprintf(part, sizeof part, "%s%.*s%s", from > 0 ? "..." : "",
                   (int)(end > from ? end - from : 0), text + from,
                   end < length ? "..." : "");
    return json_string(part);
}

static size_t
common_prefix(const char *a, const char *b)
{
    size_t length = 0;

    while (a[length] != '\0' && a[length] == b[length]) {
        length++;
    }
    return length;
}

/* Where the found value that is most like the expected one departs from it:
 * both excerpts begin the same number of characters before it. Null if there
 * is nothing to compare. */
static json_t *
difference_json(const wxs_expected *expected, const wxs_verdict *verdict)
{
    const char *closest = NULL;
    size_t at = 0;

    for (size_t i = 0; i < verdict->found_count; i++) {
        size_t length = common_prefix(expected->value, verdict->found[i]);

        if (strcmp(expected->value, verdict->found[i]) != 0 &&
            (closest == NULL || length > at)) {
            closest = verdict->found[i];
            at = length;
        }
    }
    if (closest == NULL || wxs_class_good(verdict->class)) {
        return json_null();
    }
    return json_pack("{s:I, s:o, s:o}", "position", (json_int_t)at + 1,
                     "expected", excerpt(expected->value, at), "found",
                     excerpt(closest, at));
}

/* A fact beside the status: may the authority issue a certificate? */
static json_t *
caa_json(const wxs_check_result *result)
{
    const wxs_caa_verdict *caa = result->caa;
    char value[300];

    if (caa == NULL) {
        return json_null();
    }
    json_t *present = json_array();

    (void)snprintf(value, sizeof value, "0 issue \"%.250s\"", caa->authority);
    for (size_t i = 0; i < caa->presents; i++) {
        (void)json_array_append_new(present, json_string(caa->present[i]));
    }
    return json_pack("{s:s, s:s, s:s, s:s?, s:s?, s:o}", "result",
                     wxs_caa_name(caa->result), "at", caa->at, "message",
                     caa->message, "fix", caa->fix[0] == '\0' ? NULL : caa->fix,
                     "record", caa->result == WXS_CAA_FORBIDDEN ? value : NULL,
                     "found", present);
}

static json_t *
servers_json(const wxs_check_result *result)
{
    json_t *list = json_array();

    for (size_t i = 0; i < result->seen_count; i++) {
        const wxs_observation *seen = &result->seen[i];

        (void)json_array_append_new(
            list, json_pack("{s:s, s:s, s:s?, s:o}", "host", seen->host,
                            "address", seen->address, "state",
                            result->verdict.server[i], "serial",
                            seen->answer == NULL || !seen->answer->has_serial
                                ? json_null()
                                : json_integer(seen->answer->serial)));
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
        put(object, "difference", difference_json(expected, verdict)) &&
        put(object, "suggested",
            verdict->suggested[0] == '\0' ? json_null()
                                          : json_string(verdict->suggested)) &&
        put(object, "nameservers", servers_json(result)) &&
        put(object, "checked_at", time_json(checked_at)) &&
        put(object, "next_check_at", time_json(next_check_at)) &&
        put(object, "cached_until",
            time_json(wxs_class_good(verdict->class) ? result->caches.until
                                                     : 0)) &&
        put(object, "confirmed_by",
            result->confirmed_by == NULL ? json_null()
                                         : json_string(result->confirmed_by));

    if (ok && expected->kind == WXS_RECORD_TRACKING) {
        ok = put(object, "caa", caa_json(result));
    }
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
