#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "../state_dir.h"
#include "link_secret.h"
#include "seal.h"

static wxs_seal_key key;
static wxs_error error;

static void
setup(void)
{
    state_dir_make();
    ck_assert(wxs_seal_key_create(state_path("master.key"), &error));
    ck_assert(wxs_seal_key_load(&key, state_path("master.key"), &error));
}

START_TEST(key_file_is_private)
{
    struct stat st;

    ck_assert_int_eq(stat(state_path("master.key"), &st), 0);
    ck_assert_uint_eq(st.st_mode & 0777, 0600);
    ck_assert_int_eq(st.st_size, 32);
    ck_assert(!wxs_seal_key_create(state_path("master.key"), &error));
}
END_TEST

START_TEST(refuses_a_key_file_that_others_may_read)
{
    wxs_seal_key other;

    ck_assert_int_eq(chmod(state_path("master.key"), 0640), 0);
    ck_assert(!wxs_seal_key_load(&other, state_path("master.key"), &error));
    ck_assert_ptr_nonnull(strstr(error.text, "chmod 600"));
}
END_TEST

START_TEST(refuses_a_key_of_another_owner)
{
    wxs_seal_key other;

    if (geteuid() != 0)
        return; /* only root can give files away */
    ck_assert_int_eq(chown(state_path("master.key"), 12345, 12345), 0);
    ck_assert(!wxs_seal_key_load(&other, state_path("master.key"), &error));
    ck_assert_ptr_nonnull(strstr(error.text, "belongs to user 12345"));
}
END_TEST

START_TEST(refuses_a_key_of_another_size)
{
    wxs_seal_key other;

    state_write("short.key", "0123456789");
    state_write("long.key", "0123456789012345678901234567890123456789");
    chmod(state_path("short.key"), 0600);
    ck_assert(!wxs_seal_key_load(&other, state_path("short.key"), &error));
    chmod(state_path("long.key"), 0600);
    ck_assert(!wxs_seal_key_load(&other, state_path("long.key"), &error));
    ck_assert(!wxs_seal_key_load(&other, state_path("none.key"), &error));
}
END_TEST

START_TEST(opens_what_it_sealed)
{
    static const uint8_t secret[] = "a secret of some length";
    uint8_t blob[sizeof(secret) + WXS_SEAL_OVERHEAD];
    uint8_t again[sizeof(blob)];
    uint8_t opened[sizeof(secret)];

    ck_assert(wxs_seal(&key, "row|1", secret, sizeof(secret), blob, &error));
    ck_assert(wxs_unseal(&key, "row|1", blob, sizeof(blob), opened, &error));
    ck_assert_mem_eq(opened, secret, sizeof(secret));
    ck_assert_uint_eq(blob[0], 1);
    ck_assert_mem_eq(blob + 1, key.id, sizeof(key.id));
    ck_assert(wxs_seal(&key, "row|1", secret, sizeof(secret), again, &error));
    ck_assert_mem_ne(blob, again, sizeof(blob));
}
END_TEST

START_TEST(seals_nothing)
{
    uint8_t blob[WXS_SEAL_OVERHEAD];
    uint8_t opened[1];

    ck_assert(wxs_seal(&key, "", NULL, 0, blob, &error));
    ck_assert(wxs_unseal(&key, "", blob, sizeof(blob), opened, &error));
}
END_TEST

START_TEST(notices_every_changed_byte)
{
    static const uint8_t secret[] = "secret";
    uint8_t blob[sizeof(secret) + WXS_SEAL_OVERHEAD];
    uint8_t opened[sizeof(secret)];

    ck_assert(wxs_seal(&key, "row|1", secret, sizeof(secret), blob, &error));
    for (size_t i = 0; i < sizeof(blob); i++) {
        blob[i] ^= 1;
        ck_assert(
            !wxs_unseal(&key, "row|1", blob, sizeof(blob), opened, &error));
        blob[i] ^= 1;
    }
    for (size_t len = 0; len < sizeof(blob); len++)
        ck_assert(!wxs_unseal(&key, "row|1", blob, len, opened, &error));
}
END_TEST

START_TEST(notices_another_row_or_key)
{
    static const uint8_t secret[] = "secret";
    uint8_t blob[sizeof(secret) + WXS_SEAL_OVERHEAD];
    uint8_t opened[sizeof(secret)];
    wxs_seal_key other;

    ck_assert(wxs_seal(&key, "row|1", secret, sizeof(secret), blob, &error));
    ck_assert(!wxs_unseal(&key, "row|2", blob, sizeof(blob), opened, &error));
    ck_assert(wxs_seal_key_create(state_path("other.key"), &error));
    ck_assert(wxs_seal_key_load(&other, state_path("other.key"), &error));
    ck_assert(!wxs_unseal(&other, "row|1", blob, sizeof(blob), opened, &error));
    ck_assert_ptr_nonnull(strstr(error.text, "another key file"));
}
END_TEST

START_TEST(keeps_one_link_secret_a_domain)
{
    wxs_link_secret first;
    wxs_link_secret second;
    wxs_db *db;
    bool found = true;

    ck_assert(wxs_db_migrate(state_dir, &error));
    state_sql(WXS_DB_CONTROL,
              "INSERT INTO accounts (number, id, name, created_at) VALUES (1, "
              "'a', 'a', 1);"
              "INSERT INTO domains (number, id, account, name, region, "
              "return_path, open_tracking, click_tracking, tls, state, "
              "state_since, created_at) VALUES (7, 'd', 1, 'example.com', "
              "'us-east-1', 'send', 0, 0, 'opportunistic', 'not_started', 1, "
              "1)");
    ck_assert(
        wxs_db_open(&db, state_dir, WXS_DB_CONTROL, WXS_DB_WRITE, &error));
    ck_assert(wxs_link_secret_get(db, &key, 7, &found, &first, &error));
    ck_assert(!found);
    ck_assert(wxs_link_secret_ensure(db, &key, 7, &error));
    ck_assert(wxs_link_secret_get(db, &key, 7, &found, &first, &error));
    ck_assert(found);
    ck_assert_uint_eq(first.current_key, 0);
    ck_assert_uint_eq(first.valid_keys[0], 1);
    ck_assert(wxs_link_secret_ensure(db, &key, 7, &error));
    ck_assert(wxs_link_secret_get(db, &key, 7, &found, &second, &error));
    ck_assert_mem_eq(first.secret, second.secret, sizeof(first.secret));
    wxs_db_close(db);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("seal");
    TCase *tests = tcase_create("seal");
    SRunner *runner;
    int failures;

    tcase_add_checked_fixture(tests, setup, state_dir_remove);
    tcase_add_test(tests, key_file_is_private);
    tcase_add_test(tests, refuses_a_key_file_that_others_may_read);
    tcase_add_test(tests, refuses_a_key_of_another_owner);
    tcase_add_test(tests, refuses_a_key_of_another_size);
    tcase_add_test(tests, opens_what_it_sealed);
    tcase_add_test(tests, seals_nothing);
    tcase_add_test(tests, notices_every_changed_byte);
    tcase_add_test(tests, notices_another_row_or_key);
    tcase_add_test(tests, keeps_one_link_secret_a_domain);
    suite_add_tcase(suite, tests);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failures = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failures != 0;
}
