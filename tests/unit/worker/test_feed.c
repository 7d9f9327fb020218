#include "state.h"

#include "crc32c.h"
#include "link_secret.h"
#include "table_build.h"
#include "uuid.h"

#define DOMAINS 12
#define HOSTS   6 /* two domains share a host */

static state s;

static void
add_domain(wxs_db *control, int number)
{
    char sql[1024];

    (void)snprintf(
        sql, sizeof sql,
        "INSERT INTO domains (number, id, account, name, region, return_path,"
        " open_tracking, click_tracking, tls, state, state_since, created_at)"
        " VALUES (%d, '00000000-0000-4000-8000-%012d', 1, 'd%d.example',"
        " 'us-east-1', 'send', 1, %d, '%s', 'verified', 1, 1);"
        "INSERT INTO tracking_hosts (domain, label, host, created_at)"
        " VALUES (%d, 'links', 'links.h%d.example', 1)",
        number, number, number, number % 2,
        number % 3 == 0 ? "enforced" : "opportunistic", number, number % HOSTS);
    db_exec(control, sql);
}

static void
setup(void)
{
    wxs_db *control;

    state_make(&s);
    control = state_open(&s, WXS_DB_CONTROL);
    db_exec(control, "INSERT INTO accounts (number, id, name, created_at) "
                     "VALUES (1, 'a', 'a', 1)");
    for (int number = 1; number <= DOMAINS; number++)
        add_domain(control, number);
    wxs_db_close(control);
}

static void
teardown(void)
{
    state_remove(&s);
}

static void
exec(const char *sql)
{
    state_exec(&s, WXS_DB_CONTROL, sql);
}

/* Waits until the published table holds every change. */
static void
await_applied(void)
{
    int64_t end = wxs_monotonic_ms() + 20000;
    uint64_t newest = (uint64_t)state_number(
        &s, WXS_DB_CONTROL,
        "SELECT coalesce(max(seq), 0) FROM sqlite_sequence "
        "WHERE name = 'changes'");
    wxs_table_info info = {0};
    wxs_table table;
    bool open;

    do {
        open = wxs_table_open(&table, state_path(&s, "table.wxt")) == WXS_OK;
        if (open) {
            wxs_table_get_info(&table, &info);
            wxs_table_close(&table);
        }
        if (open && info.applied >= newest)
            return;
        usleep(5000);
    } while (wxs_monotonic_ms() < end);
    ck_abort_msg("table has applied %" PRIu64 " of %" PRIu64, info.applied,
                 newest);
}

static wxs_table_info
table_info(void)
{
    wxs_table_info info;
    wxs_table table;

    ck_assert_int_eq(wxs_table_open(&table, state_path(&s, "table.wxt")),
                     WXS_OK);
    wxs_table_get_info(&table, &info);
    wxs_table_close(&table);
    return info;
}

static void
feed_once(void)
{
    task feed = state_start(&s, wxs_feed_run);

    await_applied();
    task_stop(&feed);
}

/* ---- the table against control.db ---- */

static void
check_domain(wxs_db *control, const wxs_seal_key *key, sqlite3_stmt *row,
             const wxs_table_domain *domain)
{
    uint8_t id[WXS_UUID_SIZE];
    const char *text = (const char *)sqlite3_column_text(row, 1);
    unsigned flags = 0;
    wxs_link_secret secret;
    wxs_error error = {""};
    bool found;

    ck_assert_uint_eq(domain->number, sqlite3_column_int64(row, 0));
    ck_assert(wxs_uuid_parse(text, strlen(text), id));
    ck_assert_mem_eq(domain->id, id, sizeof id);
    flags |= sqlite3_column_int(row, 2) ? WXS_DOMAIN_RECORD_OPENS : 0;
    flags |= sqlite3_column_int(row, 3) ? WXS_DOMAIN_RECORD_CLICKS : 0;
    flags |= sqlite3_column_int(row, 4) ? WXS_DOMAIN_TLS_ENFORCED : 0;
    flags |= sqlite3_column_int(row, 5) ? WXS_DOMAIN_DELETED : 0;
    flags |= sqlite3_column_int(row, 6) ? WXS_DOMAIN_KILLED : 0;
    ck_assert_uint_eq(domain->flags, flags);
    ck_assert(wxs_link_secret_get(control, key, domain->number, &found, &secret,
                                  &error));
    ck_assert(found);
    ck_assert_mem_eq(domain->secret, secret.secret, sizeof secret.secret);
    ck_assert_mem_eq(domain->valid_keys, secret.valid_keys,
                     sizeof secret.valid_keys);
}

static void
check_host(wxs_db *control, const wxs_seal_key *key, const wxs_table *table,
           const char *host)
{
    static const char sql[] =
        "SELECT number, id, open_tracking, click_tracking, tls = 'enforced', "
        "deleted_at IS NOT NULL, killed_at IS NOT NULL "
        "FROM domains JOIN (SELECT domain, verified_at, "
        "number AS n FROM tracking_hosts WHERE host = ?1 AND "
        "verified_at IS NOT NULL) ON domain = number "
        "ORDER BY verified_at DESC, n DESC";
    wxs_error error;
    sqlite3_stmt *row = wxs_db_prepare(control, sql, &error);
    wxs_table_host found = {0};
    wxs_status status = wxs_table_find_host(table, host, strlen(host), &found);
    size_t count = 0;

    sqlite3_bind_text(row, 1, host, -1, SQLITE_STATIC);
    while (wxs_db_step(control, row, &error) == 1) {
        ck_assert_msg(status == WXS_OK, "%s is missing", host);
        ck_assert_uint_lt(count, found.count);
        check_domain(control, key, row, &found.domains[count]);
        count++;
    }
    wxs_db_done(row);
    if (count == 0)
        ck_assert_int_eq(status, WXS_NOT_FOUND);
    ck_assert_uint_eq(found.count, count);
}

static void
check_links(wxs_db *control, const wxs_table *table)
{
    wxs_error error;
    sqlite3_stmt *row = wxs_db_prepare(
        control, "SELECT id, domain, url, killed_at IS NOT NULL FROM links",
        &error);
    wxs_table_link link;

    while (wxs_db_step(control, row, &error) == 1) {
        uint64_t id = (uint64_t)sqlite3_column_int64(row, 0);

        ck_assert_msg(wxs_table_find_link(table, id, &link) == WXS_OK,
                      "link %" PRIu64 " is missing", id);
        ck_assert_uint_eq(link.domain, sqlite3_column_int64(row, 1));
        ck_assert_uint_eq(link.url_len, sqlite3_column_bytes(row, 2));
        ck_assert_mem_eq(link.url, sqlite3_column_text(row, 2), link.url_len);
        ck_assert_uint_eq(link.flags,
                          sqlite3_column_int(row, 3) ? WXS_LINK_KILLED : 0);
    }
    wxs_db_done(row);
}

static void
check_table(void)
{
    wxs_db *control = state_open(&s, WXS_DB_CONTROL);
    wxs_error error = {""};
    wxs_seal_key key;
    wxs_table table;
    char host[64];

    ck_assert_msg(wxs_seal_key_load(&key, state_path(&s, "link.key"), &error),
                  "%s", error.text);
    ck_assert_int_eq(wxs_table_open(&table, state_path(&s, "table.wxt")),
                     WXS_OK);
    for (int i = 0; i < HOSTS; i++) {
        (void)snprintf(host, sizeof host, "links.h%d.example", i);
        check_host(control, &key, &table, host);
    }
    check_links(control, &table);
    wxs_table_close(&table);
    wxs_db_close(control);
}

/* ---- changes ---- */

START_TEST(table_follows_control_db)
{
    struct stat st;
    wxs_table_info info;
    task feed;

    exec("INSERT INTO links VALUES (5, 1, 'https://a.example/1', NULL, 1);"
         "UPDATE tracking_hosts SET verified_at = 10 WHERE domain = 1");
    feed = state_start(&s, wxs_feed_run);
    await_applied();
    check_table();
    ck_assert_int_eq(stat(state_path(&s, "table.wxt"), &st), 0);
    ck_assert_uint_eq(st.st_mode & 0777, 0640);
    ck_assert_uint_eq(table_info().live, 3);

    exec("UPDATE tracking_hosts SET verified_at = 20 WHERE domain = 7;"
         "UPDATE tracking_hosts SET verified_at = 30 WHERE domain = 2");
    await_applied();
    check_table();
    exec("UPDATE domains SET open_tracking = 0 WHERE number = 1;"
         "UPDATE domains SET deleted_at = 5 WHERE number = 7;"
         "UPDATE domains SET tls = 'enforced' WHERE number = 2");
    await_applied();
    check_table();
    exec("UPDATE link_secrets SET current_key = 1, "
         "valid_keys = randomblob(32) WHERE domain = 1");
    await_applied();
    check_table();
    exec("UPDATE links SET killed_at = 7 WHERE id = 5;"
         "INSERT INTO links VALUES (281474976710655, 2, 'http://b.example', "
         "NULL, 1)");
    await_applied();
    check_table();
    info = table_info();
    ck_assert_uint_eq(info.generation, 1);
    task_stop(&feed);
}
END_TEST

static bool
is_killed(uint8_t first, uint32_t domain)
{
    uint8_t message[WXS_MESSAGE_ID_SIZE] = {first};
    wxs_table table;
    bool killed;

    ck_assert_int_eq(wxs_table_open(&table, state_path(&s, "table.wxt")),
                     WXS_OK);
    killed = wxs_table_is_killed(&table, message, domain);
    wxs_table_close(&table);
    return killed;
}

#define MESSAGE(first) "x'" first "000000000000000000000000000000'"

START_TEST(kill_switch_is_followed)
{
    task feed;

    exec("UPDATE tracking_hosts SET verified_at = 10;"
         "INSERT INTO killed_messages VALUES (" MESSAGE("01") ", NULL, 1)");
    feed = state_start(&s, wxs_feed_run);
    await_applied();
    ck_assert_msg(is_killed(1, 9), "not built into a new table");
    exec("UPDATE domains SET killed_at = 1 WHERE number IN (3, 4);"
         "INSERT INTO killed_messages VALUES (" MESSAGE("02") ", 5, 1)");
    await_applied();
    check_table();
    ck_assert(is_killed(2, 5));
    ck_assert(!is_killed(2, 6));
    exec("UPDATE killed_messages SET domain = 6 WHERE domain = 5");
    await_applied();
    ck_assert(!is_killed(2, 5));
    ck_assert(is_killed(2, 6));
    exec("UPDATE domains SET killed_at = NULL WHERE number = 3;"
         "DELETE FROM killed_messages");
    await_applied();
    check_table();
    ck_assert(!is_killed(1, 9));
    ck_assert(!is_killed(2, 6));
    ck_assert_uint_eq(table_info().killed, 0);
    ck_assert_uint_eq(table_info().generation, 1);
    task_stop(&feed);
}
END_TEST

START_TEST(value_that_does_not_fit_stops_nothing)
{
    wxs_table_link link;
    wxs_table table;

    exec("INSERT INTO links VALUES (5, 1, 'ftp://a.example/', NULL, 1);"
         "INSERT INTO links VALUES (6, 1, 'https://a.example/', NULL, 1)");
    feed_once();
    exec("INSERT INTO links VALUES (7, 1, 'nonsense', NULL, 1);"
         "INSERT INTO links VALUES (8, 1, 'https://a.example/', NULL, 1)");
    feed_once();
    ck_assert_int_eq(wxs_table_open(&table, state_path(&s, "table.wxt")),
                     WXS_OK);
    ck_assert_int_eq(wxs_table_find_link(&table, 5, &link), WXS_NOT_FOUND);
    ck_assert_int_eq(wxs_table_find_link(&table, 6, &link), WXS_OK);
    ck_assert_int_eq(wxs_table_find_link(&table, 7, &link), WXS_NOT_FOUND);
    ck_assert_int_eq(wxs_table_find_link(&table, 8, &link), WXS_OK);
    wxs_table_close(&table);
}
END_TEST

START_TEST(link_that_is_gone_is_removed)
{
    wxs_table_link link;
    wxs_table table;

    exec("INSERT INTO links VALUES (6, 1, 'https://a.example/', NULL, 1)");
    feed_once();
    exec("DELETE FROM links;"
         "INSERT INTO changes (kind, link) VALUES ('link', 6)");
    feed_once();
    ck_assert_int_eq(wxs_table_open(&table, state_path(&s, "table.wxt")),
                     WXS_OK);
    ck_assert_int_eq(wxs_table_find_link(&table, 6, &link), WXS_NOT_FOUND);
    wxs_table_close(&table);
}
END_TEST

/* ---- building ---- */

START_TEST(restart_goes_on_with_the_table)
{
    exec("UPDATE tracking_hosts SET verified_at = 10");
    feed_once();
    ck_assert_uint_eq(table_info().generation, 1);
    exec("UPDATE domains SET click_tracking = 0");
    feed_once();
    ck_assert_uint_eq(table_info().generation, 1);
    check_table();
}
END_TEST

START_TEST(damaged_table_is_built_anew)
{
    exec("UPDATE tracking_hosts SET verified_at = 10");
    feed_once();
    ck_assert_int_eq(truncate(state_path(&s, "table.wxt"), 5000), 0);
    feed_once();
    check_table();
}
END_TEST

/* A power loss may have torn the table of another boot. */
START_TEST(table_of_another_boot_is_built_anew)
{
    uint8_t header[WXS_TABLE_HEADER];
    uint32_t crc;
    FILE *file;

    exec("UPDATE tracking_hosts SET verified_at = 10");
    feed_once();
    file = fopen(state_path(&s, "table.wxt"), "r+");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fread(header, sizeof header, 1, file), 1);
    header[56] ^= 1; /* the boot id */
    crc = wxs_crc32c(0, header, 88);
    memcpy(header + 88, &crc, sizeof crc);
    rewind(file);
    ck_assert_uint_eq(fwrite(header, sizeof header, 1, file), 1);
    fclose(file);
    exec("UPDATE domains SET click_tracking = 0");
    feed_once();
    ck_assert_uint_eq(table_info().generation, 2);
    check_table();
}
END_TEST

/* It may have lost links that the table still serves. */
START_TEST(older_control_db_replaces_no_table)
{
    wxs_error error = {""};
    uint64_t built_ms;
    task feed;

    exec("UPDATE tracking_hosts SET verified_at = 10");
    feed_once();
    built_ms = table_info().built_ms;
    exec("DELETE FROM changes; DELETE FROM sqlite_sequence "
         "WHERE name = 'changes'; DELETE FROM tracking_hosts");
    feed = state_start(&s, wxs_feed_run);
    usleep(300000);
    ck_assert_uint_eq(table_info().built_ms, built_ms);
    ck_assert_uint_eq(table_info().live, HOSTS);
    ck_assert_msg(wxs_table_build(&s.config, NULL, &error), "%s", error.text);
    exec("INSERT INTO links VALUES (6, 1, 'https://a.example/', NULL, 1)");
    await_applied();
    check_table();
    ck_assert_uint_eq(table_info().generation, 2);
    ck_assert_uint_eq(table_info().live, 2);
    task_stop(&feed);
}
END_TEST

START_TEST(missing_changes_make_a_new_table)
{
    exec("UPDATE tracking_hosts SET verified_at = 10");
    feed_once();
    exec("UPDATE domains SET deleted_at = 1 WHERE number = 3;"
         "DELETE FROM changes; UPDATE domains SET deleted_at = 1 "
         "WHERE number = 4");
    feed_once();
    ck_assert_uint_eq(table_info().generation, 2);
    check_table();
}
END_TEST

static uint64_t reported;

static void
report(uint64_t done, uint64_t total)
{
    ck_assert_uint_le(done, total);
    reported = done;
}

START_TEST(command_line_builds_only_without_a_worker)
{
    wxs_error error = {""};
    wxs_table_info before;
    task feed;

    exec("UPDATE tracking_hosts SET verified_at = 10");
    ck_assert_msg(wxs_table_build(&s.config, report, &error), "%s", error.text);
    ck_assert_uint_eq(reported, HOSTS);
    check_table();
    feed = state_start(&s, wxs_feed_run);
    exec("UPDATE domains SET click_tracking = 0");
    await_applied();
    before = table_info();
    ck_assert_uint_eq(before.generation, 1);
    ck_assert(!wxs_table_build(&s.config, NULL, &error));
    ck_assert_ptr_nonnull(strstr(error.text, "waxseal-worker"));
    ck_assert_uint_eq(table_info().built_ms, before.built_ms);
    task_stop(&feed);
    ck_assert(wxs_table_build(&s.config, NULL, &error));
    ck_assert_uint_eq(table_info().generation, 2);
    check_table();
}
END_TEST

/* So many that the first table cannot hold them. */
START_TEST(full_table_is_built_larger)
{
    static const char many[] =
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n "
        "WHERE i < 30000) INSERT INTO links SELECT i, 1 + i % 12, "
        "'https://a.example/' || (i % 7000), NULL, 1 FROM n";
    wxs_table_info info;
    task feed;

    feed = state_start(&s, wxs_feed_run);
    await_applied();
    ck_assert_uint_eq(table_info().generation, 1);
    exec(many);
    await_applied();
    check_table();
    info = table_info();
    ck_assert_uint_gt(info.generation, 1);
    ck_assert_uint_eq(info.live, 37000);
    exec("UPDATE tracking_hosts SET verified_at = 10");
    await_applied();
    check_table();
    /* applied changes go, but never all */
    state_await(&s, WXS_DB_CONTROL,
                "SELECT count(*) BETWEEN 10000 AND 20100 FROM changes", 1);
    task_stop(&feed);
}
END_TEST

/* ---- order ---- */

#define STEPS 40 /* of the number of the last change applied */

/* Links whose ids are the numbers of their changes. */
static void
add_links_in_order(const wxs_worker *worker)
{
    wxs_db *control = state_open(&s, WXS_DB_CONTROL);
    int64_t last = 0;
    char sql[256];

    db_exec(control, "PRAGMA synchronous = OFF");
    while (wxs_worker_sleep(worker, 1)) {
        int64_t count = 1 + random() % 700; /* up to more than a batch */

        (void)snprintf(sql, sizeof sql,
                       "WITH RECURSIVE n(i) AS (SELECT %" PRId64
                       " UNION ALL SELECT i + 1 FROM n WHERE i < %" PRId64
                       ") INSERT INTO links SELECT i, 1, "
                       "'https://a.example/' || i, NULL, 1 FROM n",
                       last + 1, last + count);
        db_exec(control, sql);
        last += count;
    }
    wxs_db_close(control);
}

/* A worker killed at any instant repeats a change rather than skip one only if
 * this holds at every instant; a reader that never rests sees when it does not.
 */
START_TEST(no_change_counts_as_applied_before_it_is)
{
    task changer = state_start(&s, add_links_in_order);
    task feed = state_start(&s, wxs_feed_run);
    int64_t end = wxs_monotonic_ms() + 30000;
    uint64_t seen = 0, steps = 0;
    wxs_table_info info;
    wxs_table table;
    wxs_table_link link;

    while (steps < STEPS && wxs_monotonic_ms() < end) {
        if (wxs_table_open(&table, state_path(&s, "table.wxt")) != WXS_OK)
            continue;
        for (int look = 0;
             look < 100000 && steps < STEPS && !wxs_table_superseded(&table);
             look++) {
            wxs_table_get_info(&table, &info);
            if (info.applied == seen)
                continue;
            seen = info.applied;
            steps++;
            if (wxs_table_find_link(&table, seen, &link) != WXS_OK)
                ck_abort_msg("change %" PRIu64 " is not in the table", seen);
        }
        wxs_table_close(&table);
    }
    ck_assert_uint_eq(steps, STEPS);
    task_stop(&changer);
    task_stop(&feed);
}
END_TEST

/* ---- kills ---- */

#define ROUNDS 30

static void
change_at_random(wxs_db *control)
{
    static const char *const changes[] = {
        "INSERT INTO links SELECT abs(random()) % 281474976710655, ?1, "
        "'https://a.example/' || abs(random() % 5000), NULL, 1",
        "INSERT INTO links SELECT abs(random()) % 281474976710655, ?1, "
        "'https://b.example/' || abs(random() % 50), NULL, 1",
        "UPDATE links SET killed_at = 1 WHERE id IN (SELECT id FROM links "
        "WHERE domain = ?1 ORDER BY random() LIMIT 1)",
        "UPDATE domains SET open_tracking = 1 - open_tracking "
        "WHERE number = ?1",
        "UPDATE domains SET click_tracking = 1 - click_tracking "
        "WHERE number = ?1",
        "UPDATE tracking_hosts SET verified_at = abs(random() % 9) "
        "WHERE domain = ?1 AND verified_at IS NULL",
        "UPDATE link_secrets SET valid_keys = randomblob(32) "
        "WHERE domain = ?1",
        "UPDATE domains SET deleted_at = CASE WHEN deleted_at IS NULL THEN 1 "
        "END WHERE number = ?1",
    };
    const size_t count = sizeof changes / sizeof changes[0];
    size_t kind = (size_t)random() % (2 * count);
    sqlite3_stmt *statement;
    wxs_error error = {""};

    /* every other change is a new link */
    statement = wxs_db_prepare(control, changes[kind < count ? kind : kind % 2],
                               &error);
    ck_assert_msg(statement != NULL, "%s", error.text);
    sqlite3_bind_int64(statement, 1, 1 + random() % DOMAINS);
    ck_assert_msg(wxs_db_run(control, statement, &error), "%s", error.text);
}

static void
change_control(const wxs_worker *worker)
{
    wxs_db *control = state_open(&s, WXS_DB_CONTROL);

    db_exec(control, "PRAGMA synchronous = OFF");
    srandom((unsigned)getpid());
    while (wxs_worker_sleep(worker, 0)) {
        db_exec(control, "BEGIN IMMEDIATE");
        for (long i = random() % 12; i >= 0; i--)
            change_at_random(control);
        db_exec(control, "COMMIT");
        usleep(500);
    }
    wxs_db_close(control);
}

START_TEST(killed_at_random_the_table_is_right)
{
    task changer = state_start(&s, change_control), feed;

    srandom((unsigned)getpid());
    for (int round = 0; round < ROUNDS; round++) {
        feed = state_start(&s, wxs_feed_run);
        usleep(5000 + (useconds_t)(random() % 150000));
        task_kill(&feed);
    }
    task_stop(&changer);
    ck_assert_int_gt(
        state_number(&s, WXS_DB_CONTROL, "SELECT count(*) FROM links"), 1000);
    feed_once();
    check_table();
    /* what was applied in steps is what is built at once */
    ck_assert(wxs_table_build(&s.config, NULL, NULL));
    check_table();
}
END_TEST

int
main(void)
{
    TCase *cases = tcase_create("feed");

    tcase_add_checked_fixture(cases, setup, teardown);
    tcase_add_test(cases, table_follows_control_db);
    tcase_add_test(cases, value_that_does_not_fit_stops_nothing);
    tcase_add_test(cases, kill_switch_is_followed);
    tcase_add_test(cases, link_that_is_gone_is_removed);
    tcase_add_test(cases, restart_goes_on_with_the_table);
    tcase_add_test(cases, damaged_table_is_built_anew);
    tcase_add_test(cases, table_of_another_boot_is_built_anew);
    tcase_add_test(cases, older_control_db_replaces_no_table);
    tcase_add_test(cases, missing_changes_make_a_new_table);
    tcase_add_test(cases, command_line_builds_only_without_a_worker);
    tcase_add_test(cases, full_table_is_built_larger);
    tcase_add_test(cases, no_change_counts_as_applied_before_it_is);
    tcase_add_test(cases, killed_at_random_the_table_is_right);
    return run_suite("feed", cases);
}
