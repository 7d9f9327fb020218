#include "label_warnings.h"

#include <string.h>

/* They look like an experiment or an attack. */
static const char *const untrustworthy[] = {
    "test",  "tests",  "testing", "tester",  "tmp",      "temp",   "temporary",
    "dev",   "demo",   "example", "sandbox", "staging",  "debug",  "foo",
    "bar",   "asdf",   "fake",    "dummy",   "spam",     "phish",  "phishing",
    "hack",  "scam",   "bulk",    "blast",   "newslist", "promo",  "win",
    "login", "secure", "verify",  "account", "bank",     "update",
};

/* Content blockers know them as hosts that watch people. */
static const char *const tracking[] = {
    "tracking", "track", "tracker", "trk",    "click",     "clicks",
    "open",     "opens", "pixel",   "beacon", "analytics", "ads",
    "ad",       "stats", "metrics", "tr",     "utm",       "telemetry",
};

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

static bool
is_among(const char *label, const char *const *list, size_t count)
{
    size_t len = strcspn(label, ".");

    for (size_t i = 0; i < count; i++) {
        if (strlen(list[i]) == len && memcmp(list[i], label, len) == 0)
            return true;
    }
    return false;
}

static void
warn(wxs_json_writer *json, const char *field, const char *value,
     const char *message)
{
    wxs_json_open(json, NULL, '{');
    wxs_json_string(json, "field", field);
    wxs_json_string(json, "value", value);
    wxs_json_string(json, "message", message);
    wxs_json_close(json, '}');
}

static void
judge(wxs_json_writer *json, const char *field, const char *label)
{
    if (is_among(label, untrustworthy, COUNT(untrustworthy)))
        warn(json, field, label,
             "This label may look untrustworthy to recipients and to mail "
             "filters, which see it in every message. Choose a plain one, "
             "such as `send`, `mail` or `links`.");
}

void
wxs_label_warnings(wxs_json_writer *json, const wxs_domain *domain)
{
    wxs_json_open(json, "warnings", '[');
    judge(json, "custom_return_path", domain->return_path);
    if (domain->tracking[0] != '\0') {
        judge(json, "tracking_subdomain", domain->tracking);
        if (is_among(domain->tracking, tracking, COUNT(tracking)))
            warn(json, "tracking_subdomain", domain->tracking,
                 "Content blockers stop links on hosts with such a name. "
                 "Choose a plain one, such as `links` or `go`.");
    }
    wxs_json_close(json, ']');
}
