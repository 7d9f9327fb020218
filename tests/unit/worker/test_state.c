#include <check.h>

#include "verify/state.h"

#define SECOND INT64_C(1000000)
#define MINUTE (60 * SECOND)
#define HOUR   (60 * MINUTE)
#define START  (1000000 * HOUR)

static const wxs_state_settings settings = {.window_ms = 72 * 3600 * 1000,
                                            .min_interval_ms = 5000,
                                            .max_interval_ms = 30 * 60 * 1000,
                                            .watch_interval_ms =
                                                12 * 3600 * 1000,
                                            .chance = 0x7fff};

/* DKIM, SPF and MX, the MX as told, and a DMARC record that is wrong. */
static size_t
inputs_of(wxs_state_input *inputs, wxs_class mx)
{
    for (int i = 0; i < 4; i++) {
        inputs[i] = (wxs_state_input){.kind = (wxs_record_kind)i,
                                      .class = WXS_EXACT,
                                      .confirmed = true,
                                      .definite = true};
    }
    inputs[2].class = mx;
    inputs[2].definite = mx != WXS_TEMP;
    inputs[3].class = WXS_WRONG;
    return 4;
}

static wxs_state_step
step(const wxs_state_row *row, wxs_class mx, int64_t now)
{
    wxs_state_input inputs[4];
    size_t count = inputs_of(inputs, mx);

    return wxs_state_next(row, inputs, count, now, &settings);
}

/* Nothing is known of any record. */
static wxs_state_step
step_blind(const wxs_state_row *row, int64_t now)
{
    wxs_state_input inputs[4];
    size_t count = inputs_of(inputs, WXS_TEMP);

    for (size_t i = 0; i < count; i++) {
        inputs[i].class = WXS_TEMP;
        inputs[i].definite = false;
    }
    return wxs_state_next(row, inputs, count, now, &settings);
}

static const wxs_state_row pending = {.state = WXS_PENDING, .since = START};
static const wxs_state_row verified = {.state = WXS_VERIFIED, .since = START};
static const wxs_state_row gone = {
    .state = WXS_TEMPORARY_FAILURE, .since = START, .definite_since = START};

START_TEST(pending_becomes_verified)
{
    wxs_state_step s = step(&pending, WXS_SATISFIED, START + MINUTE);

    ck_assert_int_eq(s.row.state, WXS_VERIFIED);
    ck_assert_str_eq(s.cause, "check");
    ck_assert_int_eq(s.row.since, START + MINUTE);
    ck_assert_int_eq(s.row.checks, 0);
    ck_assert_int_ge(s.row.next_check_at, START + MINUTE + 9 * HOUR);
    ck_assert_int_le(s.row.next_check_at, START + MINUTE + 15 * HOUR);
}
END_TEST

START_TEST(verified_needs_confirmation_and_all_three)
{
    wxs_state_input inputs[4];
    size_t count = inputs_of(inputs, WXS_EXACT);
    wxs_state_step s;

    inputs[0].confirmed = false;
    s = wxs_state_next(&pending, inputs, count, START + 1, &settings);
    ck_assert_int_eq(s.row.state, WXS_PENDING);
    s = wxs_state_next(&gone, inputs, count, START + 1, &settings);
    ck_assert_int_eq(s.row.state, WXS_TEMPORARY_FAILURE);
    s = wxs_state_next(&verified, inputs, count, START + 1, &settings);
    ck_assert_int_eq(s.row.definite_since, 0);
    count = inputs_of(inputs, WXS_EXACT);
    s = wxs_state_next(&pending, inputs, 2, START + 1, &settings);
    ck_assert_int_eq(s.row.state, WXS_PENDING);
    s = wxs_state_next(&pending, inputs, 0, START + 1, &settings);
    ck_assert_int_eq(s.row.state, WXS_PENDING);
    ck_assert_uint_eq(count, 4);
}
END_TEST

START_TEST(pending_backs_off)
{
    static const int expected[] = {15, 30, 60, 120, 300, 600, 1200, 1800, 1800};
    wxs_state_row row = pending;
    int64_t now = START;

    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        wxs_state_step s = step(&row, WXS_MISSING, now);

        ck_assert_int_eq(s.row.next_check_at, now + expected[i] * SECOND);
        ck_assert_int_eq(s.row.checks, (int64_t)i + 1);
        ck_assert_ptr_null(s.cause);
        row = s.row;
        now = row.next_check_at;
    }
}
END_TEST

START_TEST(pending_ends_with_its_window)
{
    wxs_state_row row = pending;
    wxs_state_step s;

    row.checks = 100;
    s = step(&row, WXS_WRONG, START + 72 * HOUR - MINUTE);
    ck_assert_int_eq(s.row.state, WXS_PENDING);
    ck_assert_int_eq(s.row.next_check_at, START + 72 * HOUR);
    s = step(&s.row, WXS_WRONG, START + 72 * HOUR);
    ck_assert_int_eq(s.row.state, WXS_FAILED);
    ck_assert_str_eq(s.cause, "window");
    ck_assert(!s.unreachable);
    ck_assert_int_eq(s.row.next_check_at, 0);
    s = step(&row, WXS_EXACT, START + 73 * HOUR);
    ck_assert_int_eq(s.row.state, WXS_VERIFIED);
}
END_TEST

START_TEST(pending_without_an_answer_was_unreachable)
{
    wxs_state_row row = pending;
    wxs_state_step s = step_blind(&row, START + HOUR);

    ck_assert_int_eq(s.row.state, WXS_PENDING);
    s = step_blind(&s.row, START + 72 * HOUR);
    ck_assert_int_eq(s.row.state, WXS_FAILED);
    ck_assert(s.unreachable);
    s = step(&row, WXS_MISSING, START + HOUR); /* one answer in between */
    s = step_blind(&s.row, START + 72 * HOUR);
    ck_assert_int_eq(s.row.state, WXS_FAILED);
    ck_assert(!s.unreachable);
}
END_TEST

START_TEST(not_knowing_never_demotes)
{
    wxs_state_row row = verified;

    for (int day = 1; day < 365; day++) {
        wxs_state_step s = step_blind(&row, START + day * 24 * HOUR);

        ck_assert_int_eq(s.row.state, WXS_VERIFIED);
        ck_assert_int_eq(s.row.definite_since, 0);
        s = step(&s.row, WXS_PROPAGATING, START + day * 24 * HOUR + HOUR);
        ck_assert_int_eq(s.row.state, WXS_VERIFIED);
        ck_assert_int_eq(s.row.definite_since, 0);
        row = s.row;
    }
    row = gone;
    for (int day = 1; day < 365; day++) {
        wxs_state_step s = step_blind(&row, START + day * 24 * HOUR);

        ck_assert_int_eq(s.row.state, WXS_TEMPORARY_FAILURE);
        ck_assert_int_eq(s.row.missing_ms, 0);
        row = s.row;
    }
}
END_TEST

START_TEST(two_definite_misses_demote)
{
    wxs_state_step s = step(&verified, WXS_MISSING, START + HOUR);

    ck_assert_int_eq(s.row.state, WXS_VERIFIED);
    ck_assert_int_eq(s.row.next_check_at, START + HOUR + 10 * MINUTE);
    /* a check that a user asked for meanwhile counts for nothing */
    s = step(&s.row, WXS_MISSING, START + HOUR + MINUTE);
    ck_assert_int_eq(s.row.state, WXS_VERIFIED);
    ck_assert_int_eq(s.row.next_check_at, START + HOUR + 10 * MINUTE);
    s = step(&s.row, WXS_MISSING, START + HOUR + 10 * MINUTE);
    ck_assert_int_eq(s.row.state, WXS_TEMPORARY_FAILURE);
    ck_assert_str_eq(s.cause, "check");
    ck_assert_int_eq(s.row.missing_ms, 0);
}
END_TEST

START_TEST(one_miss_is_forgotten)
{
    wxs_state_step s = step(&verified, WXS_MISSING, START + HOUR);

    s = step(&s.row, WXS_EXACT, START + HOUR + 10 * MINUTE);
    s = step(&s.row, WXS_MISSING, START + 2 * HOUR);
    ck_assert_int_eq(s.row.state, WXS_VERIFIED);
    ck_assert_int_eq(s.row.definite_since, START + 2 * HOUR);
}
END_TEST

START_TEST(temporary_failure_recovers)
{
    wxs_state_step s = step(&gone, WXS_EXACT, START + HOUR);

    ck_assert_int_eq(s.row.state, WXS_VERIFIED);
    ck_assert_str_eq(s.cause, "check");
}
END_TEST

START_TEST(temporary_failure_ends_after_definite_misses)
{
    wxs_state_row row = gone;
    wxs_state_step s = {.row = row};
    int64_t now = START;
    int checks = 0;

    while (s.row.state == WXS_TEMPORARY_FAILURE && checks < 1000) {
        now += 30 * MINUTE;
        s = step(&s.row, WXS_MISSING, now);
        checks++;
    }
    ck_assert_int_eq(s.row.state, WXS_FAILED);
    ck_assert_str_eq(s.cause, "window");
    ck_assert_int_eq(checks, 144);
}
END_TEST

START_TEST(the_clock_stops_while_nothing_is_known)
{
    wxs_state_step s = step(&gone, WXS_MISSING, START + 30 * MINUTE);

    ck_assert_int_eq(s.row.missing_ms, 30 * 60 * 1000);
    s = step_blind(&s.row, START + HOUR);
    s = step(&s.row, WXS_MISSING, START + 2 * HOUR);
    ck_assert_int_eq(s.row.missing_ms, 30 * 60 * 1000);
    s = step(&s.row, WXS_MISSING, START + 2 * HOUR + MINUTE);
    ck_assert_int_eq(s.row.missing_ms, 31 * 60 * 1000);
    /* nor while nobody checked: two intervals count at most */
    s = step(&s.row, WXS_MISSING, START + 500 * HOUR);
    ck_assert_int_eq(s.row.state, WXS_TEMPORARY_FAILURE);
    ck_assert_int_eq(s.row.missing_ms, 91 * 60 * 1000);
}
END_TEST

START_TEST(a_new_tracking_host_is_looked_for)
{
    wxs_state_input inputs[5];
    size_t count = inputs_of(inputs, WXS_EXACT);
    int64_t now = START + 100 * HOUR;
    wxs_state_step s;

    inputs[count++] = (wxs_state_input){.kind = WXS_RECORD_TRACKING,
                                        .class = WXS_MISSING,
                                        .created_at = now - 80 * SECOND};
    s = wxs_state_next(&verified, inputs, count, now, &settings);
    ck_assert_int_eq(s.row.next_check_at, now + 10 * SECOND);
    inputs[4].created_at = now - 73 * HOUR; /* no longer new */
    s = wxs_state_next(&verified, inputs, count, now, &settings);
    ck_assert_int_ge(s.row.next_check_at, now + 9 * HOUR);
}
END_TEST

START_TEST(an_optional_record_decides_nothing)
{
    static const wxs_class classes[] = {WXS_MISSING, WXS_WRONG, WXS_CONFLICT,
                                        WXS_TEMP, WXS_PROPAGATING};
    wxs_state_input inputs[5];
    size_t count = inputs_of(inputs, WXS_EXACT);
    int64_t now = START + 100 * HOUR;
    wxs_state_step s;

    for (size_t i = 0; i < sizeof classes / sizeof *classes; i++) {
        inputs[count] = (wxs_state_input){.kind = WXS_RECORD_DKIM,
                                          .class = classes[i],
                                          .definite = true,
                                          .optional = true};
        s = wxs_state_next(&pending, inputs, count + 1, START + 1, &settings);
        ck_assert_int_eq(s.row.state, WXS_VERIFIED);
        s = wxs_state_next(&verified, inputs, count + 1, now, &settings);
        ck_assert_int_eq(s.row.state, WXS_VERIFIED);
        ck_assert_int_eq(s.row.definite_since, 0);
    }
    /* nor does it stand in for the one that is needed */
    inputs[count].class = WXS_EXACT;
    inputs[count].confirmed = true;
    for (size_t i = 0; i < count; i++) {
        if (inputs[i].kind == WXS_RECORD_DKIM)
            inputs[i].class = WXS_MISSING;
    }
    s = wxs_state_next(&pending, inputs, count + 1, START + 1, &settings);
    ck_assert_int_eq(s.row.state, WXS_PENDING);
    s = wxs_state_next(&verified, inputs, count + 1, now, &settings);
    ck_assert_int_ne(s.row.definite_since, 0);
}
END_TEST

START_TEST(a_new_key_is_looked_for)
{
    wxs_state_input inputs[5];
    size_t count = inputs_of(inputs, WXS_EXACT);
    int64_t now = START + 100 * HOUR;
    wxs_state_step s;

    inputs[count++] = (wxs_state_input){.kind = WXS_RECORD_DKIM,
                                        .class = WXS_MISSING,
                                        .optional = true,
                                        .created_at = now - 80 * SECOND};
    s = wxs_state_next(&verified, inputs, count, now, &settings);
    ck_assert_int_eq(s.row.next_check_at, now + 10 * SECOND);
}
END_TEST

static wxs_state
record(wxs_state before, wxs_class class, bool confirmed, wxs_state domain)
{
    wxs_state_input input = {.class = class, .confirmed = confirmed};

    return wxs_state_of_record(before, &input, domain);
}

START_TEST(cached_answers_have_to_be_further_apart)
{
    wxs_state_settings stale = settings;
    wxs_state_input inputs[4];
    size_t count = inputs_of(inputs, WXS_MISSING);

    stale.stale_ms = 3600 * 1000;
    wxs_state_step one =
        wxs_state_next(&verified, inputs, count, START, &stale);

    ck_assert_int_eq(one.row.next_check_at, START + HOUR);
    one = wxs_state_next(&one.row, inputs, count, START + 50 * MINUTE, &stale);
    ck_assert_int_eq(one.row.state, WXS_VERIFIED);
    one = wxs_state_next(&one.row, inputs, count, START + HOUR, &stale);
    ck_assert_int_eq(one.row.state, WXS_TEMPORARY_FAILURE);
}
END_TEST

START_TEST(the_time_without_knowledge_is_kept)
{
    wxs_state_step one = step_blind(&verified, START + HOUR);

    ck_assert_int_eq(one.row.unknown_since, START + HOUR);
    one = step_blind(&one.row, START + 200 * HOUR);
    ck_assert_int_eq(one.row.unknown_since, START + HOUR);
    ck_assert_int_eq(one.row.state, WXS_VERIFIED);
    one = step(&one.row, WXS_EXACT, START + 201 * HOUR);
    ck_assert_int_eq(one.row.unknown_since, 0);
}
END_TEST

START_TEST(record_statuses)
{
    ck_assert_int_eq(record(WXS_PENDING, WXS_EXACT, true, WXS_PENDING),
                     WXS_VERIFIED);
    ck_assert_int_eq(record(WXS_PENDING, WXS_EXACT, false, WXS_PENDING),
                     WXS_PENDING);
    ck_assert_int_eq(record(WXS_NOT_STARTED, WXS_TEMP, false, WXS_PENDING),
                     WXS_PENDING);
    ck_assert_int_eq(record(WXS_VERIFIED, WXS_TEMP, false, WXS_VERIFIED),
                     WXS_VERIFIED);
    ck_assert_int_eq(record(WXS_VERIFIED, WXS_PROPAGATING, false, WXS_VERIFIED),
                     WXS_VERIFIED);
    ck_assert_int_eq(record(WXS_VERIFIED, WXS_MISSING, false, WXS_VERIFIED),
                     WXS_TEMPORARY_FAILURE);
    ck_assert_int_eq(
        record(WXS_TEMPORARY_FAILURE, WXS_TEMP, false, WXS_TEMPORARY_FAILURE),
        WXS_TEMPORARY_FAILURE);
    ck_assert_int_eq(record(WXS_PENDING, WXS_WRONG, false, WXS_FAILED),
                     WXS_FAILED);
    ck_assert_int_eq(record(WXS_VERIFIED, WXS_EXACT, true, WXS_FAILED),
                     WXS_VERIFIED);
    ck_assert_int_eq(record(WXS_FAILED, WXS_MISSING, false, WXS_PENDING),
                     WXS_PENDING);
}
END_TEST

START_TEST(names_round_trip)
{
    for (int i = WXS_NOT_STARTED; i <= WXS_TEMPORARY_FAILURE; i++) {
        ck_assert_int_eq(wxs_state_parse(wxs_state_name((wxs_state)i)), i);
    }
    ck_assert_int_eq(wxs_state_parse("other"), WXS_NOT_STARTED);
    ck_assert_int_eq(wxs_state_parse(NULL), WXS_NOT_STARTED);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("state");
    TCase *cases = tcase_create("state");
    SRunner *runner;
    int failed;

    tcase_add_test(cases, pending_becomes_verified);
    tcase_add_test(cases, verified_needs_confirmation_and_all_three);
    tcase_add_test(cases, pending_backs_off);
    tcase_add_test(cases, pending_ends_with_its_window);
    tcase_add_test(cases, pending_without_an_answer_was_unreachable);
    tcase_add_test(cases, not_knowing_never_demotes);
    tcase_add_test(cases, two_definite_misses_demote);
    tcase_add_test(cases, one_miss_is_forgotten);
    tcase_add_test(cases, temporary_failure_recovers);
    tcase_add_test(cases, temporary_failure_ends_after_definite_misses);
    tcase_add_test(cases, the_clock_stops_while_nothing_is_known);
    tcase_add_test(cases, a_new_tracking_host_is_looked_for);
    tcase_add_test(cases, cached_answers_have_to_be_further_apart);
    tcase_add_test(cases, the_time_without_knowledge_is_kept);
    tcase_add_test(cases, an_optional_record_decides_nothing);
    tcase_add_test(cases, a_new_key_is_looked_for);
    tcase_add_test(cases, record_statuses);
    tcase_add_test(cases, names_round_trip);
    suite_add_tcase(suite, cases);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
