#include <string.h>
#include <strings.h>

#include "match_kinds.h"
#include "tags.h"

/* DMARC records, RFC 9989 (which obsoletes RFC 7489): any valid one will do,
 * also one that the domain inherits. */

#define WALK_MAX    8 /* queries, RFC 9989 4.10 */
#define LABELS_MAX  7 /* that are kept of longer names */
#define REPORTS_MAX 4
#define NAME        600

/* A policy record begins with the tag v=DMARC1; all else is not DMARC's. */
static bool
is_candidate(const wxs_dns_value *value)
{
    const char *data = (const char *)value->data;
    const char *end = memchr(data, ';', value->length);
    size_t length = end == NULL ? value->length : (size_t)(end - data);
    wxs_tags tags;

    return wxs_tags_parse(data, length, &tags) && tags.count == 1 &&
           wxs_span_is(tags.tag[0].name, "v") &&
           wxs_span_is(tags.tag[0].value, "DMARC1");
}

/* The record's policy; *count is how many there are. */
static const wxs_dns_value *
find_policy(const wxs_dns_answer *answer, size_t *count)
{
    const wxs_dns_value *policy = NULL;

    *count = 0;
    for (size_t i = 0; i < answer->count; i++) {
        if (is_candidate(&answer->value[i])) {
            ++*count;
            policy = &answer->value[i];
        }
    }
    return policy;
}

/* "_dmarc." before a name; false if that is too long. */
static bool
policy_name(const char *name, char text[NAME])
{
    size_t length = strlen(name);

    if (length + 8 > NAME) {
        return false;
    }
    memcpy(text, "_dmarc.", 7);
    memcpy(text + 7, name, length + 1);
    return true;
}

/* ---- reports to others ---- */

/* The host of the address at uri, "mailto:x@host!10m"; false without one. */
static bool
report_host(wxs_span uri, char host[256])
{
    const char *at = memchr(uri.data, '@', uri.length);
    size_t length = 0;

    if (uri.length < 7 || strncasecmp(uri.data, "mailto:", 7) != 0 ||
        at == NULL) {
        return false;
    }
    for (at++; at < uri.data + uri.length && *at != '!' && *at != ' '; at++) {
        if (length == 253 || *at < 0x21 || *at > 0x7e) {
            return false;
        }
        host[length++] =
            *at >= 'A' && *at <= 'Z' ? (char)(*at + ('a' - 'A')) : *at;
    }
    host[length] = '\0';
    return length > 0;
}

/* A host of somebody else has to say that it wants the reports (RFC 9990).
 * True if the first such host definitely does not. */
static bool
reports_refused(const wxs_tags *tags, wxs_world *world, char host[256])
{
    static const char infix[] = "._report._dmarc.";
    wxs_span rest = wxs_tags_get(tags, "rua");

    for (int i = 0; world != NULL && i < REPORTS_MAX && rest.length > 0; i++) {
        const char *comma = memchr(rest.data, ',', rest.length);
        wxs_span uri = {rest.data, comma == NULL ? rest.length
                                                 : (size_t)(comma - rest.data)};
        size_t used = uri.length + (comma != NULL);
        char name[NAME];
        size_t count = 0;

        rest.data += used;
        rest.length -= used;
        while (uri.length > 0 && uri.data[0] == ' ') {
            uri.data++;
            uri.length--;
        }
        if (!report_host(uri, host) ||
            wxs_name_within(host, world->organizational) ||
            strlen(world->domain) + sizeof infix + strlen(host) > NAME) {
            continue;
        }
        (void)strcat(strcat(strcpy(name, world->domain), infix), host);
        const wxs_dns_answer *answer =
            wxs_world_ask(world, WXS_VIA_RESOLVER, name, WXS_TYPE_TXT);

        if (wxs_dns_definite(answer->outcome) &&
            find_policy(answer, &count) == NULL) {
            return true;
        }
    }
    return false;
}

/* ---- one record ---- */

static void
judge_warnings(const wxs_tags *tags, wxs_world *world, wxs_verdict *verdict)
{
    char host[256];

    wxs_verdict_set(verdict, WXS_SATISFIED, "ok");
    wxs_verdict_say(verdict, "A DMARC policy is published.");
    if (wxs_span_is_nocase(wxs_tags_get(tags, "aspf"), "s")) {
        wxs_verdict_set(verdict, WXS_SATISFIED, "dmarc_strict_spf");
        wxs_verdict_say(verdict, "A DMARC policy is published. Its aspf=s "
                                 "means that DKIM alone counts, since the "
                                 "return path is a subdomain.");
    } else if (wxs_span_is_nocase(wxs_tags_get(tags, "adkim"), "s")) {
        wxs_verdict_set(verdict, WXS_SATISFIED, "dmarc_strict_dkim");
        wxs_verdict_say(verdict, "A DMARC policy is published. Its adkim=s "
                                 "means that mail from subdomains fails, since "
                                 "it is signed by the domain above.");
    } else if (reports_refused(tags, world, host)) {
        wxs_verdict_set(verdict, WXS_SATISFIED, "dmarc_reports_refused");
        wxs_verdict_say(verdict,
                        "A DMARC policy is published. Its reports to %s will "
                        "not be sent, since that domain does not say that it "
                        "wants them.",
                        host);
        wxs_verdict_fix(verdict,
                        "Have the owner of %s publish \"v=DMARC1\" as a TXT "
                        "record at %s._report._dmarc.%s.",
                        host, world == NULL ? "" : world->domain, host);
    }
}

static bool
is_policy(wxs_span policy)
{
    return wxs_span_is_nocase(policy, "none") ||
           wxs_span_is_nocase(policy, "quarantine") ||
           wxs_span_is_nocase(policy, "reject");
}

static void
judge_policy(const wxs_expected *expected, const wxs_dns_value *value,
             wxs_world *world, wxs_verdict *verdict)
{
    wxs_tags tags = {.count = 0};
    bool parsed =
        wxs_tags_parse((const char *)value->data, value->length, &tags);
    wxs_span policy = {NULL, 0};

    if (parsed) {
        policy = wxs_tags_get(&tags, "p");
    }
    if (is_policy(policy)) {
        judge_warnings(&tags, world, verdict);
        if (value->length == strlen(expected->value) &&
            memcmp(value->data, expected->value, value->length) == 0) {
            verdict->class = WXS_EXACT;
        }
    } else if (parsed && policy.data == NULL &&
               wxs_tags_get(&tags, "rua").length > 0) {
        wxs_verdict_set(verdict, WXS_SATISFIED, "dmarc_no_policy");
        wxs_verdict_say(verdict, "The DMARC record has no p= tag; receivers "
                                 "take it for p=none or ignore it.");
        wxs_verdict_fix(verdict, "Add p=none, p=quarantine or p=reject.");
    } else if (!wxs_match_pasted(expected, value, verdict)) {
        wxs_verdict_set(verdict, WXS_WRONG, "dmarc_invalid");
        wxs_verdict_say(verdict, "The DMARC record has no valid policy: %s.",
                        !parsed               ? "it is no list of tags"
                        : policy.data == NULL ? "it has no p= tag"
                                              : "its p= is none of none, "
                                                "quarantine and reject");
        wxs_verdict_fix(verdict, "Correct the record, or replace it with the "
                                 "value shown.");
    }
}

/* ---- inheritance ---- */

/* The name one step further up the tree; the first step from a long name keeps
 * seven labels (RFC 9989 4.10). NULL at the top. */
static const char *
step_up(const char *name)
{
    size_t labels = 1;

    for (const char *p = name; *p != '\0'; p++) {
        labels += *p == '.';
    }
    do {
        name = strchr(name, '.');
        name = name == NULL ? NULL : name + 1;
        labels--;
    } while (name != NULL && labels > LABELS_MAX);
    return name;
}

/* Looks for the policy that the domain inherits: the topmost one up to the
 * organizational domain, unless one says psd=n and so ends the walk. What
 * public suffixes publish does not count. *unknown is set if a name could not
 * be looked up. */
static const wxs_dns_value *
walk(wxs_world *world, const char **where, bool *unknown)
{
    const wxs_dns_value *found = NULL;
    const char *name = world->domain;

    for (int i = 1; i < WALK_MAX; i++) {
        char text[NAME];
        size_t count = 0;
        wxs_tags tags;

        name =
            wxs_match_names(name, world->organizational) ? NULL : step_up(name);
        if (name == NULL || !wxs_name_within(name, world->organizational) ||
            !policy_name(name, text)) {
            break;
        }
        const wxs_dns_answer *answer =
            wxs_world_ask(world, WXS_VIA_ZONE, text, WXS_TYPE_TXT);
        const wxs_dns_value *policy = find_policy(answer, &count);

        *unknown = *unknown || !wxs_dns_definite(answer->outcome);
        if (count != 1 || !wxs_tags_parse((const char *)policy->data,
                                          policy->length, &tags)) {
            continue; /* several are discarded */
        }
        if (wxs_span_is_nocase(wxs_tags_get(&tags, "psd"), "y")) {
            break;
        }
        found = policy;
        *where = name;
        if (wxs_span_is_nocase(wxs_tags_get(&tags, "psd"), "n")) {
            break;
        }
    }
    return found;
}

static void
judge_inherited(const wxs_expected *expected, wxs_world *world,
                wxs_verdict *verdict)
{
    const char *where = "";
    bool unknown = false;
    const wxs_dns_value *policy =
        world == NULL ? NULL : walk(world, &where, &unknown);

    if (policy == NULL) {
        if (unknown) {
            wxs_match_unknown("the DMARC policy of the domain above", verdict);
        }
        return;
    }
    wxs_verdict_fix(verdict, "%s", "");
    judge_policy(expected, policy, world, verdict);
    if (!wxs_class_good(verdict->class)) {
        return;
    }
    bool old = wxs_match_names(where, world->organizational);

    wxs_verdict_found(verdict, policy->data, policy->length);
    wxs_verdict_set(verdict, WXS_SATISFIED,
                    old ? "dmarc_inherited" : "dmarc_inherited_between");
    wxs_verdict_say(verdict, "The DMARC policy of %s covers %s.%s", where,
                    world->domain,
                    old ? "" : " Older receivers do not see it there.");
    wxs_verdict_fix(verdict, "%s", "");
}

void
wxs_match_dmarc(const wxs_expected *expected, const wxs_dns_answer *answer,
                wxs_world *world, wxs_verdict *verdict)
{
    size_t candidates = 0;
    const wxs_dns_value *policy = find_policy(answer, &candidates);

    /* an alias that leads to a policy is as good as the policy */
    if (answer->count == 0 &&
        wxs_match_absent(expected, answer, "TXT", verdict)) {
        if (verdict->class == WXS_MISSING) {
            judge_inherited(expected, world, verdict);
        }
        return;
    }
    for (size_t i = 0; i < answer->count; i++) {
        wxs_verdict_found(verdict, answer->value[i].data,
                          answer->value[i].length);
    }
    if (candidates > 1) {
        wxs_verdict_set(verdict, WXS_CONFLICT, "dmarc_two_records");
        wxs_verdict_say(verdict,
                        "%zu DMARC records stand at %s; receivers "
                        "then ignore all of them.",
                        candidates, expected->fqdn);
        wxs_verdict_fix(verdict, "Delete all but one.");
    } else if (candidates == 1) {
        judge_policy(expected, policy, world, verdict);
    } else if (!wxs_match_pasted(expected, &answer->value[0], verdict)) {
        wxs_verdict_set(verdict, WXS_MISSING, "missing");
        wxs_verdict_say(verdict, "The TXT records at %s are not DMARC's.",
                        expected->fqdn);
        wxs_verdict_fix(verdict,
                        "Add a TXT record at %s with the value "
                        "shown.",
                        expected->fqdn);
        judge_inherited(expected, world, verdict);
    }
}

bool
wxs_match_is_policy(const wxs_dns_answer *answer)
{
    size_t count;

    return find_policy(answer, &count) != NULL;
}
