#include <check.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "../state_dir.h"
#include "clock.h"
#include "rate_limit.h"

static wxs_error error;

static void
setup(void)
{
    state_dir_make();
    ck_assert_msg(wxs_rate_open(state_dir, &error), "%s", error.text);
}

static void
teardown(void)
{
    wxs_rate_close();
    state_dir_remove();
}

/* Waits for a second to begin, so that a test fits into it. */
static void
next_second(void)
{
    const struct timespec pause = {.tv_nsec = 1000000};
    int64_t second = wxs_monotonic_ms() / 1000;

    while (wxs_monotonic_ms() / 1000 == second)
        nanosleep(&pause, NULL);
}

START_TEST(counts_each_caller)
{
    wxs_rate rate;

    next_second();
    for (int i = 1; i <= 5; i++) {
        ck_assert(wxs_rate_take("a", 5, &rate));
        ck_assert_int_eq(rate.limit, 5);
        ck_assert_int_eq(rate.remaining, 5 - i);
        ck_assert_int_eq(rate.reset, 1);
    }
    ck_assert(!wxs_rate_take("a", 5, &rate));
    ck_assert_int_eq(rate.remaining, 0);
    ck_assert(wxs_rate_take("b", 5, &rate));
    ck_assert_int_eq(rate.remaining, 4);
    next_second();
    ck_assert(wxs_rate_take("a", 5, &rate));
    ck_assert_int_eq(rate.remaining, 4);
}
END_TEST

START_TEST(limits_nothing_without_a_limit)
{
    wxs_rate rate;

    for (int i = 0; i < 100; i++)
        ck_assert(wxs_rate_take("a", 0, &rate));
    ck_assert_int_eq(rate.limit, 0);
    wxs_rate_close();
    for (int i = 0; i < 100; i++)
        ck_assert(wxs_rate_take("a", 1, &rate));
}
END_TEST

/* The file is the programs' common one. */
START_TEST(counts_go_on_in_another_mapping)
{
    wxs_rate rate;

    next_second();
    ck_assert(wxs_rate_take("a", 9, &rate));
    wxs_rate_close();
    ck_assert(wxs_rate_open(state_dir, &error));
    ck_assert(wxs_rate_take("a", 9, &rate));
    ck_assert_int_eq(rate.remaining, 7);
}
END_TEST

/* More callers in a second than a slot's neighbours: nobody gets more than its
 * limit. */
START_TEST(crowds_get_no_more)
{
    int taken = 0;
    char name[32];
    wxs_rate rate;

    next_second();
    for (int i = 0; i < 70000; i++) {
        snprintf(name, sizeof(name), "caller %d", i);
        taken += wxs_rate_take(name, 1, &rate);
    }
    ck_assert_int_gt(taken, 50000);
    ck_assert_int_le(taken, 2 * 65536);
}
END_TEST

static _Atomic int granted;

static void *
take_many(void *arg)
{
    wxs_rate rate;

    (void)arg;
    for (int i = 0; i < 5000; i++)
        granted += wxs_rate_take("together", 3000, &rate);
    return NULL;
}

START_TEST(threads_share_a_limit)
{
    pthread_t threads[4];
    int64_t start;

    next_second();
    start = wxs_monotonic_ms() / 1000;
    for (int i = 0; i < 4; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, take_many, NULL), 0);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    /* on a slow machine it takes several seconds, each with its own share */
    ck_assert_int_ge(granted, 3000);
    ck_assert_int_le(granted,
                     3000 * (int)(wxs_monotonic_ms() / 1000 - start + 1));
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("rate_limit");
    TCase *tests = tcase_create("rate_limit");
    SRunner *runner;
    int failures;

    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, counts_each_caller);
    tcase_add_test(tests, limits_nothing_without_a_limit);
    tcase_add_test(tests, counts_go_on_in_another_mapping);
    tcase_add_test(tests, crowds_get_no_more);
    tcase_add_test(tests, threads_share_a_limit);
    suite_add_tcase(suite, tests);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failures = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
