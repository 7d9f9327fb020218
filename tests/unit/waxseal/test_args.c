#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "args.h"

#define COUNT(list) ((int)(sizeof(list) / sizeof((list)[0])))

static const char *dir, *file;
static bool json;
static const char *operand[WXS_OPERANDS_MAX];
static wxs_error error;

static const wxs_option options[] = {
    {"dir", &dir, NULL}, {"file", &file, NULL}, {"json", NULL, &json}, {0}};
static const wxs_command command = {"waxseal test", "help\n", options, 1};

static void
setup(void)
{
    dir = file = NULL;
    json = false;
    memset(operand, 0, sizeof(operand));
    error.text[0] = '\0';
}

static wxs_args
parse(int count, const char **words)
{
    char *argv[10] = {"test"};

    ck_assert_int_lt(count, 9);
    for (int i = 0; i < count; i++)
        argv[i + 1] = (char *)words[i];
    return wxs_args_parse(&command, count + 1, argv, operand, &error);
}

START_TEST(options_and_operands_come_in_any_order)
{
    const char *words[] = {"--dir=/a", "name", "--json", "--file", "-"};

    ck_assert_int_eq(parse(COUNT(words), words), WXS_ARGS_OK);
    ck_assert_str_eq(dir, "/a");
    ck_assert_str_eq(file, "-");
    ck_assert_str_eq(operand[0], "name");
    ck_assert(json);
}
END_TEST

START_TEST(two_dashes_end_the_options)
{
    const char *words[] = {"--", "--json"};

    ck_assert_int_eq(parse(COUNT(words), words), WXS_ARGS_OK);
    ck_assert_str_eq(operand[0], "--json");
    ck_assert(!json);
}
END_TEST

START_TEST(help_and_version_win)
{
    const char *help[] = {"--dir", "x", "--help", "too", "many"};
    const char *letter[] = {"-h"};
    const char *version[] = {"--version"};

    ck_assert_int_eq(parse(COUNT(help), help), WXS_ARGS_HELP);
    ck_assert_int_eq(parse(COUNT(letter), letter), WXS_ARGS_HELP);
    ck_assert_int_eq(parse(COUNT(version), version), WXS_ARGS_VERSION);
}
END_TEST

static const struct {
    const char *words[3];
    const char *complaint;
} wrong[] = {
    {{"name", "--nonsense"}, "there is no option --nonsense"},
    {{"name", "--nonsense=1"}, "there is no option --nonsense=1"},
    {{"name", "-x"}, "there is no option -x"},
    {{"name", "--dir"}, "option --dir needs a value"},
    {{"name", "--json=1"}, "option --json=1 takes no value"},
    {{"name", "other"}, "\"other\" is one argument too many"},
    {{"--json"}, "an argument is missing"},
};

START_TEST(says_what_is_wrong)
{
    const char *words[3];
    int count = 0;

    for (; count < 3 && wrong[_i].words[count] != NULL; count++)
        words[count] = wrong[_i].words[count];
    ck_assert_int_eq(parse(count, words), WXS_ARGS_BAD);
    ck_assert_str_eq(error.text, wrong[_i].complaint);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("args");
    TCase *tcase = tcase_create("args");
    SRunner *runner = srunner_create(suite);

    tcase_add_checked_fixture(tcase, setup, NULL);
    tcase_add_test(tcase, options_and_operands_come_in_any_order);
    tcase_add_test(tcase, two_dashes_end_the_options);
    tcase_add_test(tcase, help_and_version_win);
    tcase_add_loop_test(tcase, says_what_is_wrong, 0, COUNT(wrong));
    suite_add_tcase(suite, tcase);
    srunner_run_all(runner, CK_NORMAL);
    int failures = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failures != 0;
}
