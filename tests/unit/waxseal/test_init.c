#include <check.h>
#include <ftw.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "init.h"
#include "keys.h"

static char root[64], dir[80], path[160];
static char api_key[WXS_API_KEY_TEXT];
static wxs_error error;

static const struct {
    const char *name;
    mode_t mode;
} parts[] = {
    {"", 0750},          {"journal", 0750},      {"run", 0750},
    {"run/nginx", 0750}, {"waxseal.conf", 0640}, {"control.db", 0640},
    {"events.db", 0640}, {"master.key", 0600},   {"link.key", 0600},
    {"api.key", 0600},   {"fallback.key", 0600}, {"fallback.pem", 0640},
    {"webhooks.db", 0640}, {"webhook.key", 0600},
};

#define PARTS (sizeof(parts) / sizeof(parts[0]))

static const char *
at(const char *name)
{
    snprintf(path, sizeof(path), "%s/%s", dir, name);
    return path;
}

static int
remove_one(const char *name, const struct stat *status, int type,
           struct FTW *walk)
{
    (void)status;
    (void)type;
    (void)walk;
    return remove(name);
}

static void
setup(void)
{
    umask(027);
    strcpy(root, "/tmp/waxseal-test-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(root));
    snprintf(dir, sizeof(dir), "%s/state", root);
}

static void
teardown(void)
{
    nftw(root, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void
init(void)
{
    bool ok = wxs_init(dir, true, api_key, &error);

    ck_assert_msg(ok, "%s", error.text);
}

static size_t
contents(const char *name, char *data, size_t cap)
{
    FILE *file = fopen(at(name), "r");

    ck_assert_ptr_nonnull(file);
    size_t size = fread(data, 1, cap, file);
    fclose(file);
    return size;
}

static void
put(const char *name, const char *text)
{
    FILE *file = fopen(at(name), "w");

    ck_assert_ptr_nonnull(file);
    ck_assert_int_ge(fputs(text, file), 0);
    ck_assert_int_eq(fclose(file), 0);
}

/* How many keys of this hash, or at all (NULL), does control.db have? */
static int
keys(const uint8_t *hash)
{
    static const char sql[] =
        "SELECT count(*) FROM api_keys JOIN accounts ON accounts.number ="
        " account WHERE accounts.name = 'default' AND permission ="
        " 'full_access' AND (?1 IS NULL OR hash = ?1)";
    wxs_db *db;

    ck_assert(wxs_db_open(&db, dir, WXS_DB_CONTROL, WXS_DB_READ, &error));
    sqlite3_stmt *query = wxs_db_prepare(db, sql, &error);
    ck_assert_ptr_nonnull(query);
    if (hash != NULL)
        sqlite3_bind_blob(query, 1, hash, WXS_API_KEY_HASH, SQLITE_STATIC);
    ck_assert_int_eq(wxs_db_step(db, query, &error), 1);
    int count = sqlite3_column_int(query, 0);
    wxs_db_done(query);
    wxs_db_close(db);
    return count;
}

START_TEST(makes_all_parts_with_their_modes)
{
    struct stat status;

    init();
    for (size_t i = 0; i < PARTS; i++) {
        ck_assert_msg(stat(at(parts[i].name), &status) == 0, "%s",
                      parts[i].name);
        ck_assert_msg((status.st_mode & 07777) == parts[i].mode, "%s is %o",
                      parts[i].name, status.st_mode);
    }
    ck_assert_int_ne(access(at("waxseal.conf.new"), F_OK), 0);
}
END_TEST

START_TEST(the_key_in_the_file_is_the_accounts)
{
    uint8_t hash[WXS_API_KEY_HASH];
    char line[100] = "";

    init();
    size_t len = contents("api.key", line, sizeof(line) - 1);
    ck_assert_uint_gt(len, 0);
    ck_assert_int_eq(line[len - 1], '\n');
    line[len - 1] = '\0';
    ck_assert_str_eq(line, api_key);
    ck_assert(wxs_key_hash(api_key, hash));
    ck_assert_int_eq(keys(hash), 1);
    ck_assert_int_eq(keys(NULL), 1);
}
END_TEST

START_TEST(a_second_call_changes_nothing)
{
    static char before[PARTS][8192], after[8192];
    size_t size[PARTS];

    init();
    for (size_t i = 4; i < PARTS; i++)
        size[i] = contents(parts[i].name, before[i], sizeof(before[i]));
    init();
    ck_assert_str_eq(api_key, "");
    ck_assert_int_eq(keys(NULL), 1);
    for (size_t i = 4; i < PARTS; i++) {
        ck_assert_uint_eq(contents(parts[i].name, after, sizeof(after)),
                          size[i]);
        ck_assert_msg(memcmp(before[i], after, size[i]) == 0, "%s changed",
                      parts[i].name);
    }
}
END_TEST

START_TEST(settings_of_the_operator_stay)
{
    ck_assert_int_eq(mkdir(dir, 0750), 0);
    put("waxseal.conf", "; mine\n");
    init();
    char text[100] = "";
    contents("waxseal.conf", text, sizeof(text) - 1);
    ck_assert_str_eq(text, "; mine\n");
}
END_TEST

START_TEST(no_settings_are_made_unless_asked_for)
{
    ck_assert(wxs_init(dir, false, api_key, &error));
    ck_assert_int_ne(access(at("waxseal.conf"), F_OK), 0);
}
END_TEST

/* Killed between writing the file and committing the row. */
START_TEST(takes_up_a_key_that_the_database_does_not_know)
{
    char key[WXS_API_KEY_TEXT], line[WXS_API_KEY_TEXT + 2];
    uint8_t hash[WXS_API_KEY_HASH];

    ck_assert_int_eq(mkdir(dir, 0750), 0);
    ck_assert(wxs_api_key_new(key, hash));
    snprintf(line, sizeof(line), "%s\n", key);
    put("api.key", line);
    init();
    ck_assert_str_eq(api_key, key);
    ck_assert_int_eq(keys(hash), 1);
}
END_TEST

START_TEST(takes_up_files_that_were_begun)
{
    static const char *const names[] = {"waxseal.conf.new", "master.key.new",
                                        "link.key.new", "api.key.new",
                                        "fallback.key.new"};
    struct stat status;

    ck_assert_int_eq(mkdir(dir, 0750), 0);
    for (size_t i = 0; i < 5; i++)
        put(names[i], "half");
    init();
    for (size_t i = 0; i < 5; i++)
        ck_assert_int_ne(access(at(names[i]), F_OK), 0);
    ck_assert_int_eq(stat(at("master.key"), &status), 0);
    ck_assert_int_eq(status.st_size, 32);
}
END_TEST

static const char *const no_keys[] = {
    "",
    "\n",
    "re_short\n",
    "xx_12345678_123456789012345678901234\n",
    "re_12345678_12345678901234567890123!\n",
    "re_12345678_123456789012345678901234\nre_\n",
};

START_TEST(refuses_an_api_key_file_without_a_key)
{
    ck_assert_int_eq(mkdir(dir, 0750), 0);
    put("api.key", no_keys[_i]);
    ck_assert(!wxs_init(dir, true, api_key, &error));
    ck_assert_ptr_nonnull(strstr(error.text, "api.key"));
    ck_assert_int_eq(keys(NULL), 0);
}
END_TEST

START_TEST(a_key_file_that_was_removed_stays_away)
{
    init();
    ck_assert_int_eq(unlink(at("api.key")), 0);
    init();
    ck_assert_str_eq(api_key, "");
    ck_assert_int_ne(access(at("api.key"), F_OK), 0);
    ck_assert_int_eq(keys(NULL), 1);
}
END_TEST

START_TEST(the_certificate_fits_its_key_and_lasts_ten_years)
{
    init();
    FILE *file = fopen(at("fallback.pem"), "r");
    ck_assert_ptr_nonnull(file);
    X509 *certificate = PEM_read_X509(file, NULL, NULL, NULL);
    fclose(file);
    file = fopen(at("fallback.key"), "r");
    ck_assert_ptr_nonnull(file);
    EVP_PKEY *key = PEM_read_PrivateKey(file, NULL, NULL, NULL);
    fclose(file);
    ck_assert_ptr_nonnull(certificate);
    ck_assert_ptr_nonnull(key);
    ck_assert_int_eq(X509_check_private_key(certificate, key), 1);
    ck_assert_int_eq(X509_verify(certificate, key), 1);
    ck_assert_str_eq(EVP_PKEY_get0_type_name(key), "EC");
    int days, seconds;
    ck_assert_int_eq(
        ASN1_TIME_diff(&days, &seconds, NULL, X509_get0_notAfter(certificate)),
        1);
    ck_assert_int_ge(days, 3649);
    X509_free(certificate);
    EVP_PKEY_free(key);
}
END_TEST

START_TEST(says_what_is_in_the_way)
{
    ck_assert_int_eq(mkdir(dir, 0750), 0);
    put("journal", "");
    ck_assert(!wxs_init(dir, true, api_key, &error));
    ck_assert_ptr_nonnull(strstr(error.text, "not a folder"));
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("init");
    TCase *tcase = tcase_create("init");
    SRunner *runner = srunner_create(suite);

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, makes_all_parts_with_their_modes);
    tcase_add_test(tcase, the_key_in_the_file_is_the_accounts);
    tcase_add_test(tcase, a_second_call_changes_nothing);
    tcase_add_test(tcase, settings_of_the_operator_stay);
    tcase_add_test(tcase, no_settings_are_made_unless_asked_for);
    tcase_add_test(tcase, takes_up_a_key_that_the_database_does_not_know);
    tcase_add_test(tcase, takes_up_files_that_were_begun);
    tcase_add_loop_test(tcase, refuses_an_api_key_file_without_a_key, 0,
                        (int)(sizeof(no_keys) / sizeof(no_keys[0])));
    tcase_add_test(tcase, a_key_file_that_was_removed_stays_away);
    tcase_add_test(tcase, the_certificate_fits_its_key_and_lasts_ten_years);
    tcase_add_test(tcase, says_what_is_in_the_way);
    suite_add_tcase(suite, tcase);
    srunner_run_all(runner, CK_NORMAL);
    int failures = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failures != 0;
}
