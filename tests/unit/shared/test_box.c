/* Secrets that are locked with a public key, opened with the master key. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "../state_dir.h"
#include "box.h"

static const char secret[] = "a private key, say";
static wxs_seal_key master;
static wxs_box_key box;
static wxs_error error;
static uint8_t blob[sizeof(secret) + WXS_BOX_OVERHEAD];

static void
setup(void)
{
    state_dir_make();
    ck_assert(wxs_seal_key_create(state_path("master.key"), &error));
    ck_assert(wxs_seal_key_load(&master, state_path("master.key"), &error));
    ck_assert(wxs_box_key_of(&master, &box, &error));
    ck_assert(wxs_box_lock(&box, "c", (const uint8_t *)secret, sizeof(secret),
                           blob, &error));
}

static bool
opens(const wxs_seal_key *with, const char *context, const uint8_t *data,
      size_t len)
{
    uint8_t out[sizeof(blob)];
    size_t size;

    return wxs_box_open(with, context, data, len, out, &size, &error) &&
           size == sizeof(secret) && memcmp(out, secret, size) == 0;
}

START_TEST(what_is_locked_opens)
{
    ck_assert(opens(&master, "c", blob, sizeof(blob)));
    ck_assert_ptr_null(memmem(blob, sizeof(blob), secret, 6));
}
END_TEST

START_TEST(sealed_blobs_open_too)
{
    ck_assert(wxs_seal(&master, "c", (const uint8_t *)secret, sizeof(secret),
                       blob, &error));
    ck_assert(opens(&master, "c", blob, sizeof(secret) + WXS_SEAL_OVERHEAD));
}
END_TEST

START_TEST(nothing_altered_opens)
{
    for (size_t i = 0; i < sizeof(blob); i++) {
        blob[i] ^= 1;
        ck_assert_msg(!opens(&master, "c", blob, sizeof(blob)), "byte %zu", i);
        blob[i] ^= 1;
    }
    for (size_t len = 0; len < sizeof(blob); len++)
        ck_assert(!opens(&master, "c", blob, len));
    ck_assert(!opens(&master, "d", blob, sizeof(blob)));
}
END_TEST

START_TEST(the_public_key_is_not_enough)
{
    wxs_seal_key other = {0};

    memcpy(other.key, box.key, sizeof(other.key));
    ck_assert(!opens(&other, "c", blob, sizeof(blob)));
}
END_TEST

START_TEST(no_two_boxes_are_alike)
{
    uint8_t second[sizeof(blob)];

    ck_assert(wxs_box_lock(&box, "c", (const uint8_t *)secret, sizeof(secret),
                           second, &error));
    ck_assert(memcmp(blob + 1, second + 1, WXS_BOX_PUBLIC) != 0);
}
END_TEST

START_TEST(the_public_key_travels_in_the_database)
{
    wxs_db *db = NULL;
    wxs_box_key read;

    ck_assert(wxs_db_migrate(state_dir, &error));
    ck_assert(
        wxs_db_open(&db, state_dir, WXS_DB_CONTROL, WXS_DB_WRITE, &error));
    ck_assert_int_eq(wxs_box_key_read(db, &read, &error), 0);
    ck_assert(wxs_box_key_publish(db, &master, &error));
    ck_assert(wxs_box_key_publish(db, &master, &error));
    ck_assert_int_eq(wxs_box_key_read(db, &read, &error), 1);
    ck_assert_mem_eq(read.key, box.key, sizeof(read.key));
    wxs_db_close(db);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("box");
    TCase *tcase = tcase_create("box");
    SRunner *runner = srunner_create(suite);
    int failed;

    suite_add_tcase(suite, tcase);
    tcase_add_checked_fixture(tcase, setup, state_dir_remove);
    tcase_add_test(tcase, what_is_locked_opens);
    tcase_add_test(tcase, sealed_blobs_open_too);
    tcase_add_test(tcase, nothing_altered_opens);
    tcase_add_test(tcase, the_public_key_is_not_enough);
    tcase_add_test(tcase, no_two_boxes_are_alike);
    tcase_add_test(tcase, the_public_key_travels_in_the_database);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
