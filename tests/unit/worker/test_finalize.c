/* What events come to: roll-ups and unique counts, against what plain SQL says
 * of the same events */
#include "store/retention.h"
#include "store_fixture.h"

#define DAY INT64_C(86400000)

/* All events of all partitions in one table, with what is counted by. */
static wxs_db *
gather(void)
{
    wxs_part_list list;
    char sql[WXS_PART_PATH + 300];
    wxs_db *db = state_open(&s, WXS_DB_COUNTS);

    db_exec(db, "CREATE TEMP TABLE e AS SELECT 0 AS id, 0 AS account, 0 AS "
                "domain, '' AS type, 0 AS at, x'' AS message, '' AS link, '' "
                "AS verdict WHERE 0");
    OK(wxs_part_list_read(&list, s.dir, &error));
    for (size_t i = 0; i < list.count; i++) {
        (void)snprintf(sql, sizeof sql,
                       "ATTACH '%s/events/%016" PRIx64 ".db' AS part;"
                       "INSERT INTO e SELECT id, account, domain, type, at, "
                       "message, link, verdict FROM part.event_rows;"
                       "DETACH part",
                       s.dir, (uint64_t)list.first_id[i]);
        db_exec(db, sql);
    }
    wxs_part_list_free(&list);
    return db;
}

#define SUMS                                                                   \
    "count(*) AS total, sum(verdict = 'human') AS human, "                     \
    "sum(verdict = 'proxy') AS proxy, sum(verdict = 'machine') AS machine "

/* Rows that one query gives and the other does not. */
#define DIFFERENCE(a, b)                                                       \
    "SELECT (SELECT count(*) FROM (SELECT * FROM (" a ") EXCEPT " b            \
    ")) + (SELECT count(*) FROM (SELECT * FROM (" b ") EXCEPT " a "))"

static void
check_counts(void)
{
    wxs_db *db = gather();

    ck_assert_int_gt(db_number(db, "SELECT count(*) FROM e"), 0);
    ck_assert_int_eq(
        db_number(db,
                  DIFFERENCE("SELECT account, domain, hour, char(type), "
                             "total, human, proxy, machine FROM "
                             "rollup_hours",
                             "SELECT account, domain, at / 3600000, type, " SUMS
                             "FROM e GROUP BY 1, 2, 3, 4")),
        0);
    /* each message counts by its first event of a type */
    ck_assert_int_eq(
        db_number(db,
                  DIFFERENCE(
                      "SELECT domain, hour, char(type), uniques FROM "
                      "rollup_hours WHERE uniques > 0",
                      "SELECT domain, at / 3600000, type, count(*) FROM e "
                      "WHERE id IN (SELECT min(id) FROM e WHERE message IS NOT "
                      "NULL GROUP BY message, type) GROUP BY 1, 2, 3")),
        0);
    ck_assert_int_eq(
        db_number(db,
                  DIFFERENCE(
                      "SELECT domain, hour, char(type), unique_humans FROM "
                      "rollup_hours WHERE unique_humans > 0",
                      "SELECT domain, at / 3600000, type, count(*) FROM e "
                      "WHERE id IN (SELECT min(id) FROM e WHERE message IS NOT "
                      "NULL AND verdict = 'human' GROUP BY message, type) "
                      "GROUP BY 1, 2, 3")),
        0);
    ck_assert_int_eq(
        db_number(db, DIFFERENCE("SELECT domain, day, url, total, human, "
                                 "proxy, machine FROM rollup_links r JOIN "
                                 "links l ON l.id = r.link",
                                 "SELECT domain, at / 86400000, link, " SUMS
                                 "FROM e WHERE link IS NOT NULL GROUP BY 1, 2, "
                                 "3")),
        0);
    ck_assert_int_eq(
        db_number(db,
                  DIFFERENCE(
                      "SELECT domain, day, url, uniques FROM rollup_links r "
                      "JOIN links l ON l.id = r.link WHERE uniques > 0",
                      "SELECT domain, at / 86400000, link, count(*) FROM e "
                      "WHERE id IN (SELECT min(id) FROM e WHERE message IS NOT "
                      "NULL AND link IS NOT NULL GROUP BY message, link) "
                      "GROUP BY 1, 2, 3")),
        0);
    ck_assert_int_eq(
        db_number(db,
                  DIFFERENCE(
                      "SELECT message, first_at, last_at, opens, clicks, "
                      "human_opens, human_clicks FROM message_counts WHERE "
                      "link = 0",
                      "SELECT message, min(at), max(at), sum(type = 'o'), "
                      "sum(type = 'c'), sum(type = 'o' AND verdict = 'human'), "
                      "sum(type = 'c' AND verdict = 'human') FROM e WHERE "
                      "message IS NOT NULL GROUP BY message")),
        0);
    wxs_db_close(db);
}

/* Events of 300 messages over three days; each message is of one domain. */
static void
put_some(int events)
{
    store_begin();
    for (int i = 0; i < events; i++) {
        uint64_t message = (uint64_t)random() % 300;
        wxs_event event = store_event(7 + (uint32_t)(message % 3), message,
                                      (unsigned)(random() % 4),
                                      20 * DAY + random() % (3 * DAY));

        store_put(&event, (wxs_verdict)(random() % 4));
    }
    store_commit();
}

START_TEST(counts_agree_with_events)
{
    srandom(3);
    for (int i = 0; i < 6; i++) {
        put_some(2000);
        if (i % 2 == 0)
            finalize_all();
        OK(wxs_event_store_switch(&store, 3000, INT64_MAX, &error));
    }
    finalize_all();
    check_counts();
}
END_TEST

static void
finalize_once(const wxs_worker *worker)
{
    (void)worker;
    finalize_all();
}

START_TEST(killed_at_random_every_event_is_counted_once)
{
    srandom(5);
    for (int i = 0; i < 15; i++) {
        task finalizer;
        int status;

        put_some(2000);
        store_close();
        finalizer = state_start(&s, finalize_once);
        usleep((useconds_t)(random() % 60000));
        (void)kill(finalizer.pid, SIGKILL);
        ck_assert_int_eq(waitpid(finalizer.pid, &status, 0), finalizer.pid);
        close(finalizer.stop_fd);
        store_open();
    }
    finalize_all();
    check_counts();
}
END_TEST

START_TEST(tags_are_counted)
{
    wxs_event open = store_event(7, 1, 0, 20 * DAY);
    wxs_event click = store_event(7, 1, 2, 20 * DAY + 1);
    wxs_event other = store_event(8, 2, 0, 21 * DAY);

    state_exec(&s, WXS_DB_EVENTS,
               "INSERT INTO messages (id, account, domain, created_at, tags, "
               "mode) VALUES (x'01000000000000000000000000000001', 3, 7, 1, "
               "'{\"campaign\":\"spring\",\"kind\":\"news\",\"n\":5}', 3)");
    store_begin();
    store_put(&open, WXS_VERDICT_PROXY);
    store_put(&open, WXS_VERDICT_HUMAN);
    store_put(&click, WXS_VERDICT_HUMAN);
    store_put(&other, WXS_VERDICT_HUMAN);
    store_commit();
    finalize_all();
    ck_assert_int_eq(
        state_number(&s, WXS_DB_COUNTS, "SELECT count(*) FROM rollup_tags"), 4);
    ck_assert_int_eq(
        state_number(&s, WXS_DB_COUNTS,
                     "SELECT count(*) FROM rollup_tags WHERE account = 3 AND "
                     "domain = 7 AND day = 20 AND type = 111 AND total = 2 AND "
                     "human = 1 AND proxy = 1 AND uniques = 1 AND "
                     "unique_humans = 1 AND (name, value) IN "
                     "(VALUES ('campaign', 'spring'), ('kind', 'news'))"),
        2);
}
END_TEST

START_TEST(too_many_links_are_counted_together)
{
    store_begin();
    for (unsigned i = 1; i <= 1500; i++) {
        wxs_event event = store_event(7, i, i, 20 * DAY);

        store_put(&event, WXS_VERDICT_HUMAN);
    }
    store_commit();
    finalize_all();
    ck_assert_int_eq(
        state_number(&s, WXS_DB_COUNTS, "SELECT count(*) FROM rollup_links"),
        1001);
    ck_assert_int_eq(
        state_number(&s, WXS_DB_COUNTS,
                     "SELECT total * 1000 + unique_humans FROM rollup_links "
                     "WHERE link = 0"),
        500500);
    ck_assert_int_eq(
        state_number(&s, WXS_DB_COUNTS, "SELECT count(*) FROM links"), 1000);
}
END_TEST

/* ---- retention ---- */

static size_t
drop(int64_t before)
{
    size_t dropped;

    OK(wxs_retention_drop(s.dir, before, &dropped, &error));
    return dropped;
}

START_TEST(old_partitions_go_when_they_are_counted)
{
    const wxs_event_filter filter = {.ascending = true};
    const wxs_event_row *row;
    wxs_event_parts *parts;
    wxs_event_scan *scan;

    for (int day = 20; day < 24; day++) {
        wxs_event event = store_event(7, (uint64_t)day, 1, day * DAY);

        store_begin();
        store_put(&event, WXS_VERDICT_HUMAN);
        store_commit();
        OK(wxs_event_store_switch(&store, 1, INT64_MAX, &error));
    }
    ck_assert_uint_eq(drop(22 * DAY), 0); /* not yet counted */
    finalize_all();
    OK(wxs_event_parts_open(&parts, s.dir, &error));
    OK(wxs_event_scan_begin(parts, &filter, &scan, &error));
    ck_assert_int_eq(wxs_event_scan_next(scan, &row, &error), 1);
    ck_assert_uint_eq(drop(22 * DAY), 2);
    ck_assert_uint_eq(count_parts(), 3);
    for (int64_t id = 3; id <= 4; id++) {
        ck_assert_int_eq(wxs_event_scan_next(scan, &row, &error), 1);
        ck_assert_int_eq(row->id, id);
    }
    ck_assert_int_eq(wxs_event_scan_next(scan, &row, &error), 0);
    wxs_event_scan_end(scan);
    wxs_event_parts_close(parts);
    ck_assert_uint_eq(drop(INT64_MAX), 2);
    ck_assert_uint_eq(count_parts(), 1); /* the newest stays */
    OK(wxs_retention_forget_messages(s.dir, 22 * DAY, &error));
    ck_assert_int_eq(
        state_number(&s, WXS_DB_COUNTS, "SELECT count(*) FROM message_counts"),
        4);
    OK(wxs_retention_forget_rollups(s.dir, 23 * DAY, &error));
    ck_assert_int_eq(state_number(&s, WXS_DB_COUNTS,
                                  "SELECT (SELECT count(*) FROM rollup_hours) *"
                                  " 10 + (SELECT count(*) FROM rollup_links)"),
                     11);
}
END_TEST

int
main(void)
{
    TCase *cases = tcase_create("finalize");

    tcase_add_checked_fixture(cases, store_make, store_remove);
    tcase_add_test(cases, counts_agree_with_events);
    tcase_add_test(cases, killed_at_random_every_event_is_counted_once);
    tcase_add_test(cases, tags_are_counted);
    tcase_add_test(cases, too_many_links_are_counted_together);
    tcase_add_test(cases, old_partitions_go_when_they_are_counted);
    return run_suite("finalize", cases);
}
