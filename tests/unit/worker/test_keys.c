#include "state.h"

#include <openssl/evp.h>
#include <openssl/x509.h>

static state s;

/* Opens the sealed private key of the statement's row and compares its public
 * half with the row's. */
static void
check_row(sqlite3_stmt *row, const wxs_seal_key *master)
{
    const char *id = (const char *)sqlite3_column_text(row, 0);
    const char *public_key = (const char *)sqlite3_column_text(row, 1);
    int len = sqlite3_column_bytes(row, 2);
    uint8_t der[2048], spki[512], stored[512], *end = spki;
    const uint8_t *at = der;
    wxs_error error = {""};
    char context[64];
    EVP_PKEY *pair;
    int size;

    ck_assert_int_lt(len, (int)sizeof der);
    (void)snprintf(context, sizeof context, "waxseal-dkim-v1|%s", id);
    ck_assert_msg(wxs_unseal(master, context, sqlite3_column_blob(row, 2),
                             (size_t)len, der, &error),
                  "%s", error.text);
    pair = d2i_AutoPrivateKey(NULL, &at, len - WXS_SEAL_OVERHEAD);
    ck_assert_ptr_nonnull(pair);
    ck_assert_int_eq(EVP_PKEY_get_bits(pair), 2048);
    ck_assert_ptr_eq(at, der + len - WXS_SEAL_OVERHEAD);
    size = i2d_PUBKEY(pair, &end);
    ck_assert_int_gt(size, 0);
    ck_assert_int_lt((int)strlen(public_key), (int)sizeof stored);
    ck_assert_int_ge(EVP_DecodeBlock(stored, (const unsigned char *)public_key,
                                     (int)strlen(public_key)),
                     size);
    ck_assert_mem_eq(stored, spki, (size_t)size);
    EVP_PKEY_free(pair);
}

START_TEST(pool_is_filled_and_refilled)
{
    static const char ready[] =
        "SELECT count(*) FROM dkim_keys WHERE state = 'pool'";
    wxs_seal_key master;
    sqlite3_stmt *rows;
    wxs_error error;
    wxs_db *control;
    int count = 0;
    task keys;

    state_make(&s);
    s.config.dkim.pool = 3;
    keys = state_start(&s, wxs_keys_run);
    state_await(&s, WXS_DB_CONTROL, ready, 3);
    usleep(700000);
    ck_assert_int_eq(state_number(&s, WXS_DB_CONTROL, ready), 3);
    state_exec(&s, WXS_DB_CONTROL,
               "UPDATE dkim_keys SET state = 'active', selector = 'wx' "
               "WHERE id = (SELECT min(id) FROM dkim_keys)");
    state_await(&s, WXS_DB_CONTROL, ready, 3);
    task_stop(&keys);

    ck_assert(wxs_seal_key_load(&master, state_path(&s, "master.key"), &error));
    control = state_open(&s, WXS_DB_CONTROL);
    rows = wxs_db_prepare(
        control, "SELECT id, public_key, sealed FROM dkim_keys", &error);
    while (wxs_db_step(control, rows, &error) == 1) {
        check_row(rows, &master);
        count++;
    }
    wxs_db_done(rows);
    ck_assert_int_eq(count, 4);
    ck_assert_int_eq(
        db_number(control, "SELECT count(DISTINCT public_key) FROM dkim_keys"),
        4);
    wxs_db_close(control);
    state_remove(&s);
}
END_TEST

START_TEST(retiring_keys_are_retired_in_time)
{
    task keys;

    state_make(&s);
    s.config.dkim.pool = 1;
    s.config.dkim.retire_after_ms = 60000;
    state_exec(
        &s, WXS_DB_CONTROL,
        "INSERT INTO accounts (number, id, name, created_at) VALUES (1, 'a', "
        "'a', 1);"
        "INSERT INTO domains (number, id, account, name, region, return_path, "
        "open_tracking, click_tracking, tls, state, state_since, created_at) "
        "VALUES (1, 'd', 1, 'a.example', 'us-east-1', 'send', 0, 0, "
        "'enforced', 'verified', 1, 1);"
        "INSERT INTO dkim_keys (id, domain, selector, algorithm, public_key, "
        "sealed, state, created_at, retiring_since) VALUES "
        "('1', 1, 's1', 'rsa-2048', 'x', x'00', 'retiring', 1, "
        " unixepoch() * 1000000 - 61000000), "
        "('2', 1, 's2', 'rsa-2048', 'x', x'00', 'retiring', 1, "
        " unixepoch() * 1000000 - 30000000), "
        "('3', 1, 's3', 'rsa-2048', 'x', x'00', 'active', 1, NULL);"
        "INSERT INTO records (domain, kind, fqdn, type, value) VALUES "
        "(1, 'dkim', 's1._domainkey.a.example', 'TXT', 'x'),"
        "(1, 'dkim', 's2._domainkey.a.example', 'TXT', 'x'),"
        "(1, 'dkim', 's3._domainkey.a.example', 'TXT', 'x'),"
        "(1, 'spf', 's1.a.example', 'TXT', 'x')");
    keys = state_start(&s, wxs_keys_run);
    state_await(&s, WXS_DB_CONTROL,
                "SELECT count(*) FROM dkim_keys WHERE state = 'retired' "
                "AND length(sealed) = 0",
                1);
    ck_assert_int_eq(state_number(&s, WXS_DB_CONTROL,
                                  "SELECT count(*) FROM records WHERE fqdn = "
                                  "'s1._domainkey.a.example'"),
                     0);
    ck_assert_int_eq(
        state_number(&s, WXS_DB_CONTROL, "SELECT count(*) FROM records"), 3);
    state_exec(&s, WXS_DB_CONTROL,
               "UPDATE dkim_keys SET retiring_since = 1 WHERE id = '2'");
    state_await(&s, WXS_DB_CONTROL,
                "SELECT count(*) FROM dkim_keys WHERE state = 'retired'", 2);
    ck_assert_int_eq(
        state_number(&s, WXS_DB_CONTROL,
                     "SELECT count(*) FROM dkim_keys WHERE state = 'active'"),
        1);
    ck_assert_int_eq(
        state_number(&s, WXS_DB_CONTROL, "SELECT count(*) FROM box_key"), 1);
    task_stop(&keys);
    state_remove(&s);
}
END_TEST

START_TEST(missing_master_key_ends_the_process)
{
    int status;
    task keys;

    state_make(&s);
    ck_assert_int_eq(unlink(state_path(&s, "master.key")), 0);
    keys = state_start(&s, wxs_keys_run);
    ck_assert_int_eq(waitpid(keys.pid, &status, 0), keys.pid);
    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 1);
    state_remove(&s);
}
END_TEST

int
main(void)
{
    TCase *cases = tcase_create("keys");

    tcase_add_test(cases, pool_is_filled_and_refilled);
    tcase_add_test(cases, retiring_keys_are_retired_in_time);
    tcase_add_test(cases, missing_master_key_ends_the_process);
    return run_suite("keys", cases);
}
