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

static bool
add(json_t *warnings, const char *field, const char *value, const char *message)
{
    return json_array_append_new(warnings, json_pack("{s:s, s:s, s:s}", "field",
                                                     field, "value", value,
                                                     "message", message)) == 0;
}

static bool
judge(json_t *warnings, const char *field, const char *label)
{
    return !is_among(label, untrustworthy, COUNT(untrustworthy)) ||
           add(warnings, field, label,
               "This label may look untrustworthy to recipients and to mail "
               "filters, which see it in every message. Choose a plain one, "
               "such as `send`, `mail` or `links`.");
}

json_t *
wxs_label_warnings(const wxs_domain *domain)
{
    json_t *warnings = json_array();
    bool ok = judge(warnings, "custom_return_path", domain->return_path);

    if (ok && domain->tracking[0] != '\0')
        ok = judge(warnings, "tracking_subdomain", domain->tracking) &&
             (!is_among(domain->tracking, tracking, COUNT(tracking)) ||
              add(warnings, "tracking_subdomain", domain->tracking,
                  "Content blockers stop links on hosts with such a name. "
                  "Choose a plain one, such as `links` or `go`."));
    if (ok)
        return warnings;
    json_decref(warnings);
    return NULL;
}
