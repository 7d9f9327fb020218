/* What the end of a check makes of verdicts: row Z3, a record that resolvers
 * with an older answer in their caches do not see yet; row Z4, broken DNSSEC;
 * records that only one answer bears out. */

#define ZONE_SOA                                                               \
    "customer.example. 3600 IN SOA ns.example. h.example. 1 1 1 1 300"

#include "catalogue.h"
#include "clock.h"
#include "verify/check_internal.h"
#include "verify/match_kinds.h"

static wxs_config config;
static wxs_checker checker = {.config = &config};
static wxs_check_job job = {.domain = DOMAIN, .count = 1};
static wxs_zone zone = {.name = DOMAIN, .servers = 1};
static wxs_check *check;
static wxs_check_result result;

/* What lies beyond the record is of no interest here. */
static const wxs_dns_answer *
no_answer(wxs_world *world, wxs_via via, const char *name, uint16_t type,
          bool *waits)
{
    (void)world;
    (void)via;
    (void)name;
    (void)type;
    (void)waits;
    return NULL;
}

/* The records are what the nameserver has at the record's name. */
static void
set_up(wxs_record_kind kind, bool verified, const char *records)
{
    wxs_record_check *record;
    char *text = expand(records);
    char lines[3000] = "";

    check = calloc(1, sizeof *check + sizeof *check->record);
    check->config = &config;
    check->checker = &checker;
    check->job = &job;
    record = &check->record[0];
    record->check = check;
    record->expected = &wanted[kind];
    record->verified = verified;
    record->confirmed_by = "tcp";
    record->world.ask = no_answer;
    record->zone = &zone;
    record->exchanges = 1;
    zone.server[0] = (wxs_server){.host = "ns1.dns.example", .count = 1};
    record->exchange[0].server = &zone.server[0];
    if (text[0] == '=') {
        encode_txt(text + 1, lines);
    } else {
        (void)snprintf(lines, sizeof lines, "%s", text);
    }
    record->exchange[0].answer = zone_answer(
        wanted[kind].fqdn, (ldns_rr_type)wxs_match_type(kind), lines, false);
    free(text);
}

/* What the zone's nameserver says of its SOA record, "" for silence. */
static void
answer_soa(const char *line)
{
    wxs_lookup *lookup = calloc(1, sizeof *lookup + sizeof DOMAIN);

    lookup->check = check;
    lookup->server = &zone.server[0];
    lookup->type = LDNS_RR_TYPE_SOA;
    memcpy(lookup->name, DOMAIN, sizeof DOMAIN);
    lookup->answer = line[0] == '\0'
                         ? wxs_dns_answer_new(WXS_DNS_TIMEOUT)
                         : zone_answer(DOMAIN, LDNS_RR_TYPE_SOA, line, true);
    check->lookup[check->lookups++] = lookup;
}

/* Judges it as the end of a check does; the next one knows what this one left.
 */
static const wxs_verdict *
conclude(void)
{
    wxs_record_check *record = &check->record[0];

    ck_assert_int_eq(wxs_check_find_ttl(record), STEP_NEXT);
    ck_assert(wxs_check_verdict(record, &result.verdict));
    wxs_check_qualify(record, &result);
    job.caches[0] = result.caches;
    wxs_dns_answer_free(record->exchange[0].answer);
    for (size_t i = 0; i < check->lookups; i++) {
        wxs_dns_answer_free(check->lookup[i]->answer);
        free(check->lookup[i]);
    }
    free(check);
    return &result.verdict;
}

static void
assert_until(int64_t seconds)
{
    int64_t left = (result.caches.until - wxs_now_us()) / 1000000;

    ck_assert_int_le(left, seconds);
    ck_assert_int_ge(left, seconds - 30);
}

static void
assert_says(const char *text)
{
    ck_assert_msg(strstr(result.verdict.message, text) != NULL, "%s: %s", text,
                  result.verdict.message);
}

#define SPF_RECORD "=" SEND " " OUR_SPF

/* min(TTL of the SOA record, its minimum), RFC 2308 5 */
START_TEST(a_missing_record_stays_in_caches_for_the_negative_ttl)
{
    set_up(WXS_RECORD_SPF, false, "");
    assert_verdict("Z3-", conclude(), WXS_MISSING, "missing");
    ck_assert_uint_eq(result.caches.ttl, 300);
    set_up(WXS_RECORD_SPF, false, SPF_RECORD);
    assert_verdict("Z3", conclude(), WXS_EXACT, "cached_elsewhere");
    assert_says("for up to 300 s");
    assert_until(300);
    ck_assert_str_ne(result.verdict.fix, "");
    /* the next check knows it still, without asking anything */
    set_up(WXS_RECORD_SPF, true, SPF_RECORD);
    assert_verdict("Z3", conclude(), WXS_EXACT, "cached_elsewhere");
    assert_until(300);
    job.caches[0].until = wxs_now_us() - 1;
    set_up(WXS_RECORD_SPF, true, SPF_RECORD);
    assert_verdict("Z3-", conclude(), WXS_EXACT, "ok");
    ck_assert_int_eq(result.caches.until, 0);
}
END_TEST

START_TEST(a_wrong_record_stays_in_caches_for_its_own_ttl)
{
    job.caches[0] = (wxs_check_caches){0};
    set_up(WXS_RECORD_MX, false, SEND ". 7200 IN MX 10 old.example.");
    assert_verdict("Z3-", conclude(), WXS_WRONG, "mx_other");
    ck_assert_uint_eq(result.caches.ttl, 7200);
    /* nothing is known in between: nothing is forgotten */
    set_up(WXS_RECORD_MX, false, "");
    check->record[0].exchange[0].answer->outcome = WXS_DNS_TIMEOUT;
    assert_verdict("Z3-", conclude(), WXS_TEMP, "nameserver_silent");
    ck_assert_uint_eq(result.caches.ttl, 7200);
    /* another word stands beside it */
    set_up(WXS_RECORD_MX, false, SEND ". 60 IN MX 20 " OUR_MX ".");
    assert_verdict("Z3", conclude(), WXS_SATISFIED, "mx_priority");
    assert_says("for up to 7200 s");
    assert_until(7200);
    /* gone once more, with a short TTL: the long one still counts */
    set_up(WXS_RECORD_MX, true, "");
    assert_verdict("Z3-", conclude(), WXS_MISSING, "missing");
    set_up(WXS_RECORD_MX, true, SEND ". 60 IN MX 10 " OUR_MX ".");
    assert_verdict("Z3", conclude(), WXS_EXACT, "cached_elsewhere");
    assert_until(7200);
}
END_TEST

START_TEST(of_a_record_never_missed_the_zone_tells)
{
    job.caches[0] = (wxs_check_caches){0};
    set_up(WXS_RECORD_SPF, false, SPF_RECORD);
    answer_soa(DOMAIN ". 900 IN SOA ns.example. h.example. 1 1 1 1 1800");
    assert_verdict("Z3", conclude(), WXS_EXACT, "cached_elsewhere");
    assert_says("for up to 900 s");
    job.caches[0] = (wxs_check_caches){0};
    set_up(WXS_RECORD_SPF, false, SPF_RECORD);
    answer_soa("");
    assert_verdict("Z3-", conclude(), WXS_EXACT, "ok");
    job.caches[0] = (wxs_check_caches){0};
    set_up(WXS_RECORD_SPF, false, SPF_RECORD);
    answer_soa(DOMAIN ". 900 IN SOA ns.example. h.example. 1 1 1 1 4294967295");
    check->lookup[0]->answer->ttl = 4000000;
    assert_verdict("Z3", conclude(), WXS_EXACT, "cached_elsewhere");
    assert_until(86400); /* no cache keeps anything for longer */
}
END_TEST

/* Through the resolver: it is its own cache that counts. */
START_TEST(a_resolver_hides_changes_itself)
{
    wxs_zone none = {.servers = 1};

    job.caches[0] = (wxs_check_caches){0};
    set_up(WXS_RECORD_SPF, false, "");
    none.server[0] = zone.server[0];
    check->record[0].zone = &none;
    assert_verdict("Z3-", conclude(), WXS_MISSING, "missing");
    assert_says("hidden by the resolver's cache for up to 300 s");
    ck_assert_int_eq(result.stale_ms, 300000);
    set_up(WXS_RECORD_SPF, false, SPF_RECORD);
    check->record[0].zone = &none;
    assert_verdict("Z3-", conclude(), WXS_EXACT, "ok");
}
END_TEST

/* Row Z4: the resolver refuses what the nameservers say. */
START_TEST(broken_dnssec_hides_a_right_record)
{
    static const struct {
        int ede;
        const char *says;
    } reasons[] = {{7, "a signature has expired."},
                   {9, "no DNSKEY matches the DS record"},
                   {-1, "do not fit together"}};

    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++) {
        wxs_dns_answer *refused = wxs_dns_answer_new(WXS_DNS_SERVFAIL);

        refused->ede = reasons[i].ede;
        job.caches[0] = (wxs_check_caches){0};
        set_up(WXS_RECORD_SPF, false, SPF_RECORD);
        answer_soa("");
        zone.bogus = refused;
        assert_verdict("Z4", conclude(), WXS_TEMP, "dnssec_bogus");
        assert_says(reasons[i].says);
        zone.bogus = NULL;
        wxs_dns_answer_free(refused);
    }
}
END_TEST

START_TEST(one_answer_is_not_enough)
{
    job.caches[0] = (wxs_check_caches){0};
    set_up(WXS_RECORD_SPF, false, SPF_RECORD);
    answer_soa("");
    check->record[0].confirmed_by = NULL;
    assert_verdict("Z13", conclude(), WXS_TEMP, "unconfirmed");
    set_up(WXS_RECORD_SPF, true, SPF_RECORD);
    check->record[0].confirmed_by = NULL;
    assert_verdict("Z13-", conclude(), WXS_EXACT, "ok");
}
END_TEST

int
main(void)
{
    return RUN("qualify", a_missing_record_stays_in_caches_for_the_negative_ttl,
               a_wrong_record_stays_in_caches_for_its_own_ttl,
               of_a_record_never_missed_the_zone_tells,
               a_resolver_hides_changes_itself,
               broken_dnssec_hides_a_right_record, one_answer_is_not_enough);
}
