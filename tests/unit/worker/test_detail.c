#include <jansson.h>

#include "catalogue.h"
#include "verify/detail.h"

/* What of a verdict reaches the API. */

static json_t *
detail_of(const wxs_expected *expected, const wxs_check_result *result)
{
    char *text = wxs_detail_record(expected, result, 1, 0);

    ck_assert_ptr_nonnull(text);
    json_t *detail = json_loads(text, 0, NULL);

    free(text);
    ck_assert_ptr_nonnull(detail);
    return detail;
}

static const char *
text_at(const json_t *object, const char *key, const char *inner)
{
    const json_t *value = json_object_get(object, key);

    value = inner == NULL ? value : json_object_get(value, inner);
    return json_is_string(value) ? json_string_value(value) : "null";
}

START_TEST(the_first_difference_is_shown)
{
    static wxs_check_result result;
    wxs_dns_answer *answer = zone_answer(
        SEND, LDNS_RR_TYPE_TXT,
        SEND ". 60 IN TXT \"v=spf1 include:_spf.waxsael.example ~all\"", true);
    wxs_observation seen = {"ns1.example", "192.0.2.1", answer};

    answer->has_serial = true;
    answer->serial = 42;
    wxs_match(&wanted[WXS_RECORD_SPF], &seen, 1, NULL, &result.verdict);
    result.seen[0] = seen;
    result.seen_count = 1;
    json_t *detail = detail_of(&wanted[WXS_RECORD_SPF], &result);

    ck_assert_int_eq(json_integer_value(json_object_get(
                         json_object_get(detail, "difference"), "position")),
                     25);
    ck_assert_str_eq(text_at(detail, "difference", "expected"),
                     "v=spf1 include:_spf.waxseal.example ~all");
    ck_assert_str_eq(text_at(detail, "difference", "found"),
                     "v=spf1 include:_spf.waxsael.example ~all");
    json_t *server = json_array_get(json_object_get(detail, "nameservers"), 0);

    ck_assert_int_eq(json_integer_value(json_object_get(server, "serial")), 42);
    json_decref(detail);
    wxs_dns_answer_free(answer);
}
END_TEST

START_TEST(long_values_are_aligned)
{
    static wxs_check_result result;
    const catalogue_row row = {
        "D1",      WXS_RECORD_DKIM,  "=" SELECTOR " {HEAD}",
        WXS_WRONG, "dkim_truncated", false};

    judge_row(&row, &result.verdict);
    json_t *detail = detail_of(&wanted[WXS_RECORD_DKIM], &result);
    const char *expected = text_at(detail, "difference", "expected");
    const char *found = text_at(detail, "difference", "found");

    ck_assert_int_eq(json_integer_value(json_object_get(
                         json_object_get(detail, "difference"), "position")),
                     256);
    ck_assert_uint_eq(strlen(found), 3 + 24);
    ck_assert_int_eq(strncmp(expected, found, strlen(found)), 0);
    ck_assert_uint_eq(strlen(expected), 3 + 24 + 40 + 3);
    json_decref(detail);
}
END_TEST

START_TEST(what_can_be_pasted_is_given)
{
    static wxs_check_result result;
    const catalogue_row row = {"P1",
                               WXS_RECORD_SPF,
                               "=" SEND " " OUR_SPF "\n=" SEND
                               " v=spf1 mx -all",
                               WXS_CONFLICT,
                               "spf_two_records",
                               false};

    judge_row(&row, &result.verdict);
    json_t *detail = detail_of(&wanted[WXS_RECORD_SPF], &result);

    ck_assert_str_eq(text_at(detail, "suggested", NULL),
                     "v=spf1 include:_spf.waxseal.example mx -all");
    ck_assert(!json_object_get(detail, "caa"));
    json_decref(detail);
}
END_TEST

START_TEST(certificates_are_a_fact_of_the_tracking_host)
{
    static wxs_check_result result;
    const catalogue_row row = {"C",
                               WXS_RECORD_TRACKING,
                               LINKS ". 60 IN CNAME " TARGET ".",
                               WXS_EXACT,
                               "ok",
                               false};

    judge_row(&row, &result.verdict);
    wxs_caa_verdict caa = {.result = WXS_CAA_FORBIDDEN,
                           .authority = "ca.org",
                           .at = DOMAIN,
                           .message = "m",
                           .fix = "f"};
    result.caa = &caa;
    json_t *detail = detail_of(&wanted[WXS_RECORD_TRACKING], &result);

    ck_assert_str_eq(text_at(detail, "class", NULL), "exact");
    ck_assert_str_eq(text_at(detail, "caa", "result"), "forbidden");
    ck_assert_str_eq(text_at(detail, "caa", "record"), "0 issue \"ca.org\"");
    ck_assert_str_eq(text_at(detail, "difference", NULL), "null");
    json_decref(detail);
    caa.result = WXS_CAA_ALLOWED;
    detail = detail_of(&wanted[WXS_RECORD_TRACKING], &result);
    ck_assert_str_eq(text_at(detail, "caa", "record"), "null");
    json_decref(detail);
    result.caa = NULL; /* nobody asked */
    detail = detail_of(&wanted[WXS_RECORD_TRACKING], &result);
    ck_assert(json_is_null(json_object_get(detail, "caa")));
    json_decref(detail);
}
END_TEST

int
main(void)
{
    return RUN("detail", the_first_difference_is_shown, long_values_are_aligned,
               what_can_be_pasted_is_given,
               certificates_are_a_fact_of_the_tracking_host);
}
