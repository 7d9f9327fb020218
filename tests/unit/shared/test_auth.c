#include <check.h>
#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>

#include "../state_dir.h"
#include "clock.h"
#include "service.h"

#define FULL    "00000000-0000-4000-8000-000000000001"
#define SENDING "00000000-0000-4000-8000-000000000002"

static wxs_db *control;
static wxs_error error;
static wxs_response response;
static wxs_identity identity;
static char full[WXS_API_KEY_TEXT];
static char sending[WXS_API_KEY_TEXT];

static void
setup(void)
{
    state_dir_make();
    ck_assert(wxs_db_migrate(state_dir, &error));
    state_sql(WXS_DB_CONTROL, "INSERT INTO accounts (number, id, name, "
                              "created_at) VALUES (7, 'seven', 'seven', 1)");
    state_key(FULL, 7, "full_access", full);
    state_key(SENDING, 7, "sending_access", sending);
    ck_assert(
        wxs_db_open(&control, state_dir, WXS_DB_CONTROL, WXS_DB_READ, &error));
    ck_assert(wxs_write_open(state_dir, false, &error));
}

static void
teardown(void)
{
    wxs_response_clear(&response);
    wxs_write_close();
    wxs_db_close(control);
    state_dir_remove();
}

static bool
authenticate(const char *header, wxs_permission needed)
{
    wxs_request request = {.authorization = header};

    return wxs_authenticate(control, &request, needed, &identity, &response);
}

static void
assert_error(int status, const char *name)
{
    ck_assert_int_eq(response.status, status);
    ck_assert_str_eq(json_string_value(json_object_get(response.json, "name")),
                     name);
}

static int64_t
last_used(void)
{
    sqlite3_stmt *row = wxs_db_prepare(
        control,
        "SELECT last_used_at FROM api_keys WHERE permission = 'full_access'",
        &error);
    int64_t at;

    ck_assert_int_eq(wxs_db_step(control, row, &error), 1);
    at = sqlite3_column_int64(row, 0);
    wxs_db_done(row);
    return at;
}

START_TEST(new_keys)
{
    char key[WXS_API_KEY_TEXT];
    uint8_t hash[WXS_API_KEY_HASH];
    uint8_t wanted[WXS_API_KEY_HASH];
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    bool seen[256] = {false};

    for (int i = 0; i < 200; i++) {
        ck_assert(wxs_api_key_new(key, hash));
        ck_assert_uint_eq(strlen(key), 36);
        ck_assert_int_eq(strncmp(key, "re_", 3), 0);
        ck_assert_uint_eq(strspn(key + 3, letters), 8);
        ck_assert_int_eq(key[11], '_');
        ck_assert_uint_eq(strspn(key + 12, letters), 24);
        SHA256((const unsigned char *)key, 36, wanted);
        ck_assert_mem_eq(hash, wanted, sizeof(hash));
        for (int j = 12; j < 36; j++)
            seen[(unsigned char)key[j]] = true;
    }
    for (size_t i = 0; letters[i] != '\0'; i++)
        ck_assert_msg(seen[(unsigned char)letters[i]], "%c", letters[i]);
}
END_TEST

START_TEST(good_keys)
{
    static const char *const forms[] = {"Bearer %s", "bearer %s", "BEARER  %s",
                                        "Bearer %s  "};
    char header[100];

    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        strcpy(header, forms[i]);
        *strchr(header, '%') = '\0';
        strcat(header, full);
        strcat(header, strchr(forms[i], '%') + 2);
        ck_assert_msg(authenticate(header, WXS_FULL_ACCESS), "%s", header);
        ck_assert_int_eq(identity.account, 7);
        ck_assert_str_eq(identity.key_id, FULL);
        ck_assert_int_eq(identity.permission, WXS_FULL_ACCESS);
        ck_assert_int_eq(identity.domain, 0);
    }
    ck_assert_int_eq(response.status, 0);
}
END_TEST

START_TEST(missing_keys)
{
    ck_assert(!authenticate(NULL, WXS_FULL_ACCESS));
    assert_error(401, "missing_api_key");
    ck_assert(!authenticate("", WXS_FULL_ACCESS));
    assert_error(401, "missing_api_key");
}
END_TEST

START_TEST(wrong_keys)
{
    static const char *const wrong[] = {"Bearer", "Bearer ", "Basic YTpi",
                                        "Bearer re_12345678_1234567890", "x"};
    char header[100];

    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        ck_assert(!authenticate(wrong[i], WXS_SENDING_ACCESS));
        assert_error(403, "invalid_api_key");
    }
    snprintf(header, sizeof(header), "Bearer%s", full);
    ck_assert(!authenticate(header, WXS_FULL_ACCESS));
    assert_error(403, "invalid_api_key");
    snprintf(header, sizeof(header), "Bearer %s", full);
    header[strlen(header) - 1] ^= 1;
    ck_assert(!authenticate(header, WXS_FULL_ACCESS));
    assert_error(403, "invalid_api_key");
    ck_assert_int_eq(identity.account, 0);
}
END_TEST

START_TEST(sending_keys_are_restricted)
{
    char header[100];

    snprintf(header, sizeof(header), "Bearer %s", sending);
    ck_assert(authenticate(header, WXS_SENDING_ACCESS));
    ck_assert_int_eq(identity.permission, WXS_SENDING_ACCESS);
    ck_assert(!authenticate(header, WXS_FULL_ACCESS));
    assert_error(401, "restricted_api_key");
}
END_TEST

START_TEST(a_removed_key_is_wrong_at_once)
{
    char header[100];

    snprintf(header, sizeof(header), "Bearer %s", full);
    ck_assert(authenticate(header, WXS_FULL_ACCESS));
    state_sql(WXS_DB_CONTROL, "DELETE FROM api_keys WHERE id = '" FULL "'");
    ck_assert(!authenticate(header, WXS_FULL_ACCESS));
    assert_error(403, "invalid_api_key");
}
END_TEST

START_TEST(last_use_is_kept_to_the_minute)
{
    char header[100];
    int64_t before = wxs_now_us();
    int64_t first;
    char sql[100];

    snprintf(header, sizeof(header), "Bearer %s", full);
    ck_assert(authenticate(header, WXS_FULL_ACCESS));
    first = last_used();
    ck_assert_int_ge(first, before);
    ck_assert(authenticate(header, WXS_FULL_ACCESS));
    ck_assert_int_eq(last_used(), first);
    snprintf(sql, sizeof(sql), "UPDATE api_keys SET last_used_at = %lld",
             (long long)(first - 61000000));
    state_sql(WXS_DB_CONTROL, sql);
    ck_assert(authenticate(header, WXS_FULL_ACCESS));
    ck_assert_int_ge(last_used(), first);
}
END_TEST

START_TEST(a_key_holds_when_its_use_cannot_be_stored)
{
    char header[100];

    wxs_write_close();
    snprintf(header, sizeof(header), "Bearer %s", full);
    ck_assert(authenticate(header, WXS_FULL_ACCESS));
    ck_assert_int_eq(last_used(), 0);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("auth");
    TCase *tests = tcase_create("auth");
    SRunner *runner;
    int failures;

    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, new_keys);
    tcase_add_test(tests, good_keys);
    tcase_add_test(tests, missing_keys);
    tcase_add_test(tests, wrong_keys);
    tcase_add_test(tests, sending_keys_are_restricted);
    tcase_add_test(tests, a_removed_key_is_wrong_at_once);
    tcase_add_test(tests, last_use_is_kept_to_the_minute);
    tcase_add_test(tests, a_key_holds_when_its_use_cannot_be_stored);
    suite_add_tcase(suite, tests);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failures = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failures != 0;
}
