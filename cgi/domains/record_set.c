#include "record_set.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define MX_PRIORITY 10

static bool format(char *text, size_t cap, const char *pattern, ...)
    __attribute__((format(printf, 3, 4)));

static bool
format(char *text, size_t cap, const char *pattern, ...)
{
    va_list args;
    int n;

    va_start(args, pattern);
    n = vsnprintf(text, cap, pattern, args);
    va_end(args);
    return n >= 0 && (size_t)n < cap;
}

/* RSA's record is the key alone: v= and k= have these values where they are
 * absent (RFC 6376, 3.6.1). */
bool
wxs_record_dkim(const char *name, const wxs_record_key *key, wxs_record *record)
{
    record->kind = "dkim";
    record->type = key->target != NULL ? "CNAME" : "TXT";
    record->priority = 0;
    if (!format(record->fqdn, sizeof(record->fqdn), "%s._domainkey.%s",
                key->selector, name))
        return false;
    if (key->target != NULL)
        return format(record->value, sizeof(record->value), "%s", key->target);
    return format(record->value, sizeof(record->value), "%sp=%s",
                  key->ed25519 ? "v=DKIM1; k=ed25519; " : "", key->public_key);
}

static bool
mx(const wxs_record_needs *needs, wxs_record *record)
{
    record->kind = "mx";
    record->type = "MX";
    record->priority = MX_PRIORITY;
    return format(record->fqdn, sizeof(record->fqdn), "%s.%s",
                  needs->return_path, needs->name) &&
           format(record->value, sizeof(record->value), "%s",
                  needs->region->bounce_mx);
}

static bool
spf(const wxs_record_needs *needs, wxs_record *record)
{
    record->kind = "spf";
    record->type = "TXT";
    return format(record->fqdn, sizeof(record->fqdn), "%s.%s",
                  needs->return_path, needs->name) &&
           format(record->value, sizeof(record->value),
                  "v=spf1 include:%s ~all", needs->region->spf_include);
}

static bool
dmarc(const wxs_record_needs *needs, wxs_record *record)
{
    record->kind = "dmarc";
    record->type = "TXT";
    return format(record->fqdn, sizeof(record->fqdn), "_dmarc.%s",
                  needs->name) &&
           format(record->value, sizeof(record->value), "v=DMARC1; p=none;");
}

bool
wxs_record_tracking(const char *name, const char *tracking,
                    const wxs_region *region, wxs_record *record)
{
    record->kind = "tracking";
    record->type = "CNAME";
    record->priority = 0;
    return format(record->fqdn, sizeof(record->fqdn), "%s.%s", tracking,
                  name) &&
           format(record->value, sizeof(record->value), "%s",
                  region->tracking_target);
}

size_t
wxs_record_set(const wxs_record_needs *needs,
               wxs_record records[WXS_RECORDS_MAX])
{
    size_t count = 0;

    memset(records, 0, WXS_RECORDS_MAX * sizeof(records[0]));
    if (!wxs_record_dkim(needs->name, &needs->key, &records[count++]) ||
        !mx(needs, &records[count++]) || !spf(needs, &records[count++]))
        return 0;
    if (needs->tracking[0] != '\0' &&
        !wxs_record_tracking(needs->name, needs->tracking, needs->region,
                             &records[count++]))
        return 0;
    if (!dmarc(needs, &records[count++]))
        return 0;
    return count;
}

size_t
wxs_record_relative(const char *fqdn, const char *registrable)
{
    size_t len = strlen(fqdn);
    size_t zone = strlen(registrable);

    if (len > zone + 1 && fqdn[len - zone - 1] == '.' &&
        memcmp(fqdn + len - zone, registrable, zone) == 0)
        return len - zone - 1;
    return len;
}

const char *
wxs_record_label(const char *kind)
{
    if (strcmp(kind, "dkim") == 0)
        return "DKIM";
    if (strcmp(kind, "tracking") == 0)
        return "Tracking";
    if (strcmp(kind, "dmarc") == 0)
        return "DMARC";
    return "SPF";
}
