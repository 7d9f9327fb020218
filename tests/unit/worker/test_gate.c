#include <arpa/inet.h>
#include <check.h>

#include "clock.h"
#include "verify/dns_gate.h"

/* Passing the gate, in a real loop. */

#define PASSES 12

static wxs_loop *loop;
static wxs_dns_gate *gate;
static wxs_dns_pass pass[PASSES];
static int64_t admitted_at[PASSES];
static int order[PASSES];
static int admitted;
static bool leaves; /* whoever is admitted leaves at once */
static wxs_timer end;

static struct sockaddr_in
address(const char *text)
{
    struct sockaddr_in out = {.sin_family = AF_INET};

    ck_assert_int_eq(inet_pton(AF_INET, text, &out.sin_addr), 1);
    return out;
}

static void
on_admitted(void *data)
{
    wxs_dns_pass *p = data;

    order[admitted++] = (int)(p - pass);
    admitted_at[p - pass] = wxs_monotonic_ms();
    if (leaves) {
        wxs_dns_gate_leave(p);
    }
}

static void
on_end(void *data)
{
    (void)data;
    wxs_loop_stop(loop);
}

static void
run_ms(int ms)
{
    wxs_error error;

    ck_assert(wxs_loop_arm(loop, &end, ms));
    ck_assert(wxs_loop_run(loop, &error));
}

static void
set_up_paced(int rate, int burst, int in_flight, int at_first)
{
    wxs_error error;
    const wxs_dns_limits limits = {.rate = rate,
                                   .burst = burst,
                                   .in_flight = in_flight,
                                   .at_first = at_first};

    loop = wxs_loop_new(&error);
    gate = wxs_dns_gate_new(loop, &limits);
    ck_assert_ptr_nonnull(gate);
    end = (wxs_timer){.fire = on_end};
    admitted = 0;
    leaves = false;
    for (int i = 0; i < PASSES; i++) {
        pass[i] = (wxs_dns_pass){.admit = on_admitted, .data = &pass[i]};
    }
}

static void
set_up(int rate, int burst, int in_flight)
{
    set_up_paced(rate, burst, in_flight, 0);
}

static void
tear_down(void)
{
    for (int i = 0; i < PASSES; i++) {
        wxs_dns_gate_leave(&pass[i]);
    }
    wxs_dns_gate_free(gate);
    wxs_loop_free(loop);
}

static bool
enter(int i, const char *server)
{
    struct sockaddr_in at = address(server);

    return wxs_dns_gate_enter(gate, (struct sockaddr *)&at, &pass[i]);
}

START_TEST(a_burst_passes_and_the_rest_follows_at_the_rate)
{
    int64_t start;

    set_up(50, 4, 100); /* one in 20 ms */
    leaves = true;
    start = wxs_monotonic_ms();
    for (int i = 0; i < 10; i++) {
        ck_assert_int_eq(enter(i, "192.0.2.1"), i < 4);
    }
    ck_assert(enter(10, "192.0.2.2")); /* another server */
    run_ms(400);
    ck_assert_int_eq(admitted, 6);
    for (int i = 0; i < 6; i++) {
        ck_assert_int_eq(order[i], 4 + i);
        ck_assert_int_ge(admitted_at[4 + i] - start, 20 * (i + 1) - 1);
    }
    ck_assert_uint_eq(wxs_dns_gate_passed(gate), 11);
    tear_down();
}
END_TEST

START_TEST(so_many_are_inside_at_a_time)
{
    set_up(1000000, 1000, 2);
    ck_assert(enter(0, "192.0.2.1") && enter(1, "192.0.2.1"));
    ck_assert(!enter(2, "192.0.2.1") && !enter(3, "192.0.2.1"));
    run_ms(20);
    ck_assert_int_eq(admitted, 0);
    wxs_dns_gate_leave(&pass[2]); /* tired of waiting */
    wxs_dns_gate_leave(&pass[0]);
    run_ms(20);
    ck_assert_int_eq(admitted, 1);
    ck_assert_int_eq(order[0], 3);
    wxs_dns_gate_leave(&pass[0]); /* twice does no harm */
    tear_down();
}
END_TEST

START_TEST(silence_is_remembered_until_an_answer)
{
    set_up(1000000, 1000, 100);
    ck_assert(enter(0, "192.0.2.1") && enter(1, "192.0.2.1"));
    for (int i = 1; i < WXS_DNS_SILENT; i++) {
        ck_assert(!wxs_dns_gate_unheard(&pass[0]));
    }
    ck_assert(wxs_dns_gate_unheard(&pass[1]));
    wxs_dns_gate_heard(&pass[0]);
    ck_assert(!wxs_dns_gate_unheard(&pass[1]));
    tear_down();
}
END_TEST

/* One answer after the other, late or not, while another pass waits. */
static void
answer(int count, bool late)
{
    for (int i = 0; i < count; i++) {
        ck_assert(pass[0].inside);
        pass[0].entered = wxs_monotonic_ms() - (late ? WXS_DNS_LATE_MS + 1 : 0);
        wxs_dns_gate_heard(&pass[0]);
    }
}

/* How many may be inside at a time. */
static int
room(void)
{
    int inside = 0;

    for (int i = 0; i < PASSES; i++) {
        wxs_dns_gate_leave(&pass[i]);
    }
    while (inside < PASSES && enter(inside, "192.0.2.1")) {
        inside++;
    }
    return inside;
}

START_TEST(a_server_gets_as_many_as_it_answers_in_time)
{
    set_up_paced(1000000, 1000, 9, 4);
    ck_assert_int_eq(room(), 4);
    answer(64, false);
    ck_assert_int_eq(room(), 5); /* a quarter more */
    answer(32, true);
    answer(32, false);
    ck_assert_int_eq(room(), 7); /* half of them were in time */
    answer(33, true);
    answer(31, false);
    ck_assert_int_eq(room(), 3);
    answer(64, true);
    answer(64, true);
    answer(64, true);
    ck_assert_int_eq(room(), 1); /* never fewer */
    for (int i = 0; i < 12; i++) {
        answer(64, false);
        ck_assert_int_le(room(), 9);
    }
    ck_assert_int_eq(room(), 9); /* never more */
    for (int i = 0; i < 64; i++) {
        (void)wxs_dns_gate_unheard(&pass[0]);
    }
    ck_assert_int_eq(room(), 4);
    tear_down();
}
END_TEST

START_TEST(nobody_gets_more_than_is_wanted)
{
    set_up_paced(1000000, 1000, 9, 4);
    ck_assert(enter(0, "192.0.2.1"));
    answer(640, false);
    ck_assert_int_eq(room(), 4);
    tear_down();
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("gate");
    TCase *cases = tcase_create("gate");
    SRunner *runner;
    int failed;

    tcase_add_test(cases, a_burst_passes_and_the_rest_follows_at_the_rate);
    tcase_add_test(cases, so_many_are_inside_at_a_time);
    tcase_add_test(cases, silence_is_remembered_until_an_answer);
    tcase_add_test(cases, a_server_gets_as_many_as_it_answers_in_time);
    tcase_add_test(cases, nobody_gets_more_than_is_wanted);
    suite_add_tcase(suite, cases);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
