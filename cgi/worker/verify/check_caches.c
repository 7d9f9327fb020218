#include <ldns/ldns.h>
#include <string.h>

#include "check_internal.h"
#include "clock.h"
#include "match_kinds.h"

/* What resolvers may have in their caches in the place of what is there now:
 * the one that is asked in the place of nameservers, and those of receivers
 * after a change that the nameservers already show. */

#define KEPT_MAX_S 86400 /* resolvers keep nothing for longer by default */
#define NOTE_MIN_S 10    /* less is over before anybody has read of it */

/* For how long resolvers may keep what the nameservers say (RFC 2308 5), in s;
 * wrong: of those only that do not have the record right. */
static uint32_t
kept_for(const wxs_record_check *record, const wxs_verdict *verdict, bool wrong)
{
    uint32_t most = 0;

    for (size_t i = 0; i < record->exchanges; i++) {
        const wxs_dns_answer *answer = record->exchange[i].answer;

        if (answer != NULL && wxs_dns_definite(answer->outcome) &&
            answer->ttl > most &&
            !(wrong && wxs_check_is_right(verdict->server[i]))) {
            most = answer->ttl;
        }
    }
    return most < KEPT_MAX_S ? most : KEPT_MAX_S;
}

/* ---- the resolver in the place of nameservers ---- */

static void
tell_own_cache(const wxs_record_check *record, wxs_check_result *result)
{
    uint32_t seconds = kept_for(record, &result->verdict, false);

    result->stale_ms = INT64_C(1000) * seconds;
    if (seconds > 0 && wxs_class_miss(result->verdict.class)) {
        char before[sizeof result->verdict.message];

        memcpy(before, result->verdict.message, sizeof before);
        wxs_verdict_say(&result->verdict,
                        "%s A change may be hidden by the resolver's cache for "
                        "up to %u s.",
                        before, seconds);
    }
}

/* ---- other resolvers ---- */

static const wxs_check_caches *
known_before(const wxs_record_check *record)
{
    return &record->check->job->caches[record - record->check->record];
}

/* Does it matter how long the zone lets resolvers keep that there is nothing?
 * Only of a record that may be right for the first time, and that no check has
 * missed: else what was in its place is known. */
static bool
wants_negative_ttl(const wxs_record_check *record)
{
    return record->zone->name != NULL && !record->verified &&
           known_before(record)->ttl == 0;
}

static const wxs_lookup *
ask_negative_ttl(wxs_record_check *record, size_t server, size_t at)
{
    const wxs_target target = {.name = record->zone->name,
                               .type = LDNS_RR_TYPE_SOA,
                               .server = &record->zone->server[server],
                               .at = at};

    return wxs_check_ask(record->check, &target);
}

void
wxs_check_prepare_ttl(wxs_record_check *record)
{
    if (wants_negative_ttl(record) && record->zone->server[0].count > 0) {
        (void)ask_negative_ttl(record, 0, 0);
    }
}

wxs_step
wxs_check_find_ttl(wxs_record_check *record)
{
    if (!wants_negative_ttl(record)) {
        return STEP_NEXT;
    }
    (void)wxs_check_judge(record);
    if (!wxs_class_good(record->judgement.class)) {
        return STEP_NEXT;
    }
    size_t right = record->judgement.right;
    const wxs_lookup *lookup =
        ask_negative_ttl(record, right, record->exchange[right].at);

    if (lookup != NULL && wxs_lookup_waits(lookup)) {
        return STEP_WAIT;
    }
    if (lookup != NULL && wxs_lookup_definite(lookup) &&
        lookup->answer->has_serial) {
        uint32_t ttl = lookup->answer->ttl;

        record->negative_ttl = ttl < KEPT_MAX_S ? ttl : KEPT_MAX_S;
    }
    return STEP_NEXT;
}

static void
say_cached_elsewhere(wxs_verdict *verdict, int64_t until, int64_t now)
{
    char before[sizeof verdict->message];
    char time[WXS_TIME_TEXT];

    if (until - now < INT64_C(1000000) * NOTE_MIN_S) {
        return;
    }
    memcpy(before, verdict->message, sizeof before);
    wxs_verdict_say(verdict,
                    "%s The nameservers have it; resolvers that asked before "
                    "may go on giving the old answer for up to %lld s.",
                    before, (long long)((until - now + 999999) / 1000000));
    if (strcmp(verdict->code, "ok") == 0) {
        verdict->code = "cached_elsewhere";
        wxs_time_text(until, time);
        wxs_verdict_fix(verdict,
                        "Nothing to do: at %.*s UTC the last cache has "
                        "forgotten the old answer.",
                        (int)strcspn(time, "."), time);
    }
}

static int64_t
later(int64_t until, int64_t now, uint32_t seconds)
{
    int64_t end = now + INT64_C(1000000) * seconds;

    return seconds > 0 && end > until ? end : until;
}

/* Between the last check that missed the record and this one it was published,
 * perhaps just now: what was there before can be in caches for its whole TTL
 * from now on. */
static void
tell_other_caches(const wxs_record_check *record, wxs_check_result *result)
{
    wxs_verdict *verdict = &result->verdict;
    wxs_check_caches *caches = &result->caches;
    int64_t now = wxs_now_us();

    if (verdict->class == WXS_TEMP) {
        return;
    }
    if (!wxs_class_good(verdict->class)) {
        caches->ttl = kept_for(record, verdict, true);
        caches->until = later(caches->until, now, caches->ttl);
        return;
    }
    if (!record->verified || caches->ttl > 0) {
        caches->until =
            later(caches->until, now,
                  caches->ttl > 0 ? caches->ttl : record->negative_ttl);
        caches->ttl = 0;
    }
    if (caches->until > now) {
        say_cached_elsewhere(verdict, caches->until, now);
    } else {
        caches->until = 0;
    }
}

void
wxs_check_tell_caches(const wxs_record_check *record, wxs_check_result *result)
{
    const wxs_zone *zone = record->zone;

    result->caches = *known_before(record);
    if (zone != NULL && zone->name == NULL) {
        tell_own_cache(record, result);
    } else if (zone != NULL) {
        tell_other_caches(record, result);
    }
}
