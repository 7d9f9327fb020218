/* Partitions of the events: going over to the next, reading across them */
#include "embedded.h"
#include "store/closing.h"
#include "store/former_events.h"
#include "store_fixture.h"

#define EVENTS   50000
#define PART     20000
#define MESSAGES 3000

/* What was put, by id. */
static struct {
    uint32_t domain;
    uint64_t message;
    unsigned link;
    wxs_verdict verdict;
    int64_t at;
} put[EVENTS + 1];

static uint32_t
account_of(uint32_t domain)
{
    return domain == 9 ? 4 : 3;
}

/* Puts events with all kinds of messages, one of them in every tenth. */
static void
put_many(void)
{
    srandom(7);
    for (int64_t id = 1; id <= EVENTS; id++) {
        wxs_event event;

        if (id % 5000 == 1) {
            OK(wxs_event_store_switch(&store, PART, INT64_MAX, &error));
            store_begin();
        }
        put[id].domain = 7 + (uint32_t)random() % 3;
        put[id].message =
            random() % 10 == 0 ? 1 : (uint64_t)random() % MESSAGES;
        put[id].link = (unsigned)(random() % 4);
        put[id].verdict = (wxs_verdict)(random() % 4);
        put[id].at = 1000 + id;
        event = store_event(put[id].domain, put[id].message, put[id].link,
                            put[id].at);
        ck_assert_int_eq(store.part.next_id, id);
        store_put(&event, put[id].verdict);
        if (id % 5000 == 0)
            store_commit();
    }
}

static bool
fits(int64_t id, const wxs_event_filter *filter, uint64_t message)
{
    return (filter->account == 0 ||
            account_of(put[id].domain) == filter->account) &&
           (filter->domain == 0 || put[id].domain == filter->domain) &&
           (filter->message == NULL || put[id].message == message) &&
           (filter->type == 0 ||
            (put[id].link > 0 ? 'c' : 'o') == filter->type) &&
           (filter->verdicts == 0 ||
            (filter->verdicts >> put[id].verdict & 1)) &&
           put[id].at >= filter->from_ms &&
           (filter->to_ms == 0 || put[id].at < filter->to_ms) &&
           (filter->up_to == 0 || id <= filter->up_to) &&
           (filter->after == 0 ||
            (filter->ascending ? id > filter->after : id < filter->after));
}

/* The scan gives exactly the events that fit, in order. */
static void
check_scan(wxs_event_parts *parts, wxs_event_filter filter, uint64_t message)
{
    uint8_t id_of_message[16] = {[15] = 1};
    const wxs_event_row *row;
    wxs_event_scan *scan;

    memcpy(id_of_message, &message, sizeof message);
    if (message != 0)
        filter.message = id_of_message;
    OK(wxs_event_scan_begin(parts, &filter, &scan, &error));
    for (int64_t i = 1; i <= EVENTS; i++) {
        int64_t id = filter.ascending ? i : EVENTS + 1 - i;

        if (!fits(id, &filter, message))
            continue;
        ck_assert_int_eq(wxs_event_scan_next(scan, &row, &error), 1);
        ck_assert_int_eq(row->id, id);
        ck_assert_int_eq(row->domain, put[id].domain);
        ck_assert_int_eq(row->verdict, put[id].verdict);
        ck_assert_int_eq(row->at, put[id].at);
        ck_assert_str_eq(row->reason, "browser");
        ck_assert_str_eq(row->device, "mobile");
        ck_assert_str_eq(row->client, "spark");
        ck_assert_str_eq(row->country, "DE");
        ck_assert_int_eq(row->certainty, 70);
        ck_assert_int_eq(row->message == NULL, put[id].message == 0);
        ck_assert_int_eq(row->link == NULL, put[id].link == 0);
        if (row->link != NULL)
            ck_assert_int_eq(row->link[18] - '0', (int)put[id].link);
    }
    ck_assert_int_eq(wxs_event_scan_next(scan, &row, &error), 0);
    wxs_event_scan_end(scan);
}

START_TEST(scans_find_what_fits)
{
    static const wxs_event_filter filters[] = {
        {0},
        {.account = 3},
        {.account = 4},
        {.account = 3, .domain = 8},
        {.account = 3, .domain = 9},
        {.account = 5},
        {.type = 'c', .account = 3},
        {.verdicts = 1u << WXS_VERDICT_HUMAN},
        {.from_ms = 21000, .to_ms = 42000},
        {.account = 3, .from_ms = 47000},
        {.after = 25000},
        {.account = 3, .domain = 7, .after = 16385},
        {.up_to = 30000},
        {.account = 4, .after = 10, .up_to = 45001},
    };
    wxs_event_parts *parts;

    put_many();
    ck_assert_uint_eq(count_parts(), 3);
    OK(wxs_event_parts_open(&parts, s.dir, &error));
    for (size_t i = 0; i < sizeof filters / sizeof filters[0]; i++) {
        for (int ascending = 0; ascending < 2; ascending++) {
            wxs_event_filter filter = filters[i];

            filter.ascending = ascending != 0;
            check_scan(parts, filter, 0);
            check_scan(parts, filter, 1);
            check_scan(parts, filter, 1234);
        }
    }
    wxs_event_parts_close(parts);
}
END_TEST

START_TEST(a_scan_goes_on_with_new_events)
{
    const wxs_event_filter filter = {.account = 3, .ascending = true};
    wxs_event event = store_event(7, 5, 1, 1000);
    const wxs_event_row *row;
    wxs_event_parts *parts;
    wxs_event_scan *scan;
    int64_t newest;

    OK(wxs_event_parts_open(&parts, s.dir, &error));
    OK(wxs_event_parts_newest(parts, &newest, &error));
    ck_assert_int_eq(newest, 0);
    OK(wxs_event_scan_begin(parts, &filter, &scan, &error));
    for (int64_t id = 1; id <= 6; id++) {
        ck_assert_int_eq(wxs_event_scan_next(scan, &row, &error), 0);
        store_begin();
        store_put(&event, WXS_VERDICT_HUMAN);
        store_commit();
        ck_assert_int_eq(wxs_event_scan_next(scan, &row, &error), 1);
        ck_assert_int_eq(row->id, id);
        OK(wxs_event_store_switch(&store, 2, INT64_MAX, &error));
    }
    ck_assert_uint_eq(count_parts(), 4);
    OK(wxs_event_parts_newest(parts, &newest, &error));
    ck_assert_int_eq(newest, 6);
    wxs_event_scan_end(scan);
    wxs_event_parts_close(parts);
}
END_TEST

START_TEST(positions_go_over_to_the_next)
{
    wxs_event event = store_event(7, 5, 1, 1000);

    db_exec(store.part.db, "INSERT INTO segments VALUES (-5, 2, 4096);"
                           "INSERT INTO writers VALUES (-5, 9, 1, 7)");
    OK(wxs_event_store_switch(&store, 1, 1, &error));
    ck_assert_uint_eq(count_parts(), 1); /* it is empty */
    store_begin();
    store_put(&event, WXS_VERDICT_HUMAN);
    store_commit();
    OK(wxs_event_store_switch(&store, 2, INT64_MAX, &error));
    ck_assert_uint_eq(count_parts(), 1);
    OK(wxs_event_store_switch(&store, 1, INT64_MAX, &error));
    ck_assert_uint_eq(count_parts(), 2);
    ck_assert_int_eq(store.part.first_id, 2);
    ck_assert_int_eq(db_number(store.part.db,
                               "SELECT count(*) FROM segments WHERE writer = -5"
                               " AND segment = 2 AND position = 4096"),
                     1);
    ck_assert_int_eq(db_number(store.part.db,
                               "SELECT count(*) FROM writers WHERE writer = -5"
                               " AND sequence = 9 AND lost = 1"),
                     1);
    store_close();
    store_open();
    ck_assert_int_eq(store.part.next_id, 2);
}
END_TEST

START_TEST(labels_change_until_they_are_closed)
{
    wxs_event event = store_event(7, 5, 1, 1000);
    const wxs_judgement burst = {WXS_VERDICT_MACHINE, WXS_REASON_LINK_BURST,
                                 95};

    store_begin();
    for (int i = 0; i < 3; i++)
        store_put(&event, WXS_VERDICT_HUMAN);
    store_commit();
    OK(wxs_event_store_switch(&store, 3, INT64_MAX, &error));
    store.closed_id = 1;
    store_begin();
    store_put(&event, WXS_VERDICT_HUMAN);
    store_put(&event, WXS_VERDICT_HUMAN);
    for (int64_t id = 1; id <= 4; id++)
        OK(wxs_event_store_relabel(&store, id, burst, &error));
    store_commit();
    ck_assert_int_eq(db_number(store.part.db, "SELECT verdict * 10 + "
                                              "(reason = 'link_burst') FROM "
                                              "event_rows WHERE id = 5") %
                         10,
                     0);
    ck_assert_int_eq(
        db_number(store.part.db,
                  "SELECT count(*) FROM event_rows WHERE id = 4 AND verdict = "
                  "'machine' AND reason = 'link_burst' AND device = 'mobile'"),
        1);
    ck_assert_int_eq(
        db_number(store.former,
                  "SELECT group_concat(id) = '2,3' FROM event_rows WHERE "
                  "verdict = 'machine' AND reason = 'link_burst'"),
        1);
}
END_TEST

START_TEST(closing_waits_for_hold_and_sync)
{
    static wxs_closing closing;

    wxs_closing_begin(&closing, 1000, 5, 0);
    ck_assert_int_eq(wxs_closing_due(&closing, 999, 100), 0);
    wxs_closing_add(&closing, 8, 500);
    wxs_closing_add(&closing, 9, 501);
    ck_assert_int_eq(wxs_closing_due(&closing, 1003, 100), 5);
    ck_assert_int_eq(wxs_closing_due(&closing, 1499, 100), 0);
    ck_assert_int_eq(wxs_closing_due(&closing, 1510, 8), 0);
    ck_assert_int_eq(wxs_closing_due(&closing, 1510, 9), 9);
    for (int64_t id = 10; id < 5000; id++) /* more than there is room for */
        wxs_closing_add(&closing, id, 2000 + id);
    ck_assert_int_eq(wxs_closing_due(&closing, 20000, 10000), 4999);
    wxs_closing_begin(&closing, 0, 0, 0);
    wxs_closing_add(&closing, 1, 5);
    ck_assert_int_eq(wxs_closing_due(&closing, 5, 1), 1);
}
END_TEST

/* ---- events.db of versions before ---- */

/* The database as version 3 of its schema has it. */
static void
make_version_3(void)
{
    static const char rows[] =
        "PRAGMA application_id = 0x57585345; PRAGMA user_version = 3;"
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n "
        "WHERE i < 250) INSERT INTO events SELECT i * 3, 3, 7, "
        "CAST(printf('%015d', i) || 'x' AS BLOB), 99, i, 'https://l/' || i % "
        "9, "
        "1, x'00', 'A' || i % 5, 0, 3, CASE i % 2 WHEN 0 THEN 'human' ELSE "
        "'machine' END, 'r' FROM n;"
        "DELETE FROM events WHERE id = 750;"
        "INSERT INTO segments VALUES (1, 2, 3);"
        "INSERT INTO writers VALUES (1, 2, 3, 4)";
    const struct wxs_embedded *file;
    sqlite3 *db;

    ck_assert_int_eq(unlink(state_path(&s, "events.db")), 0);
    ck_assert_int_eq(sqlite3_open(state_path(&s, "events.db"), &db), SQLITE_OK);
    for (file = wxs_embedded_files; file->path != NULL; file++)
        if (strncmp(file->path, "schema/events/00", 16) == 0 &&
            file->path[16] <= '3')
            ck_assert_int_eq(sqlite3_exec(db, file->data, NULL, NULL, NULL),
                             SQLITE_OK);
    ck_assert_int_eq(sqlite3_exec(db, rows, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

static void
make_former(void)
{
    store_close();
    state_remove(&s);
    state_make(&s);
    make_version_3();
    OK(wxs_db_migrate(s.dir, &error));
}

static int64_t
sum_of_parts(const char *sql)
{
    wxs_part_list list;
    int64_t sum = 0;

    OK(wxs_part_list_read(&list, s.dir, &error));
    for (size_t i = 0; i < list.count; i++) {
        char path[WXS_PART_PATH];
        wxs_db *db;

        OK(wxs_part_path(s.dir, list.first_id[i], path, &error));
        OK(wxs_db_open_file(&db, path, WXS_DB_PART, WXS_DB_READ, &error));
        sum += db_number(db, sql);
        wxs_db_close(db);
    }
    wxs_part_list_free(&list);
    return sum;
}

static void
check_former(void)
{
    ck_assert_int_eq(sum_of_parts("SELECT count(*) FROM event_rows WHERE "
                                  "link = 'https://l/' || at % 9 AND agent = "
                                  "'A' || at % 5 AND reason = 'r' AND id = at "
                                  "* 3 AND (verdict = 'human') = (at % 2 = 0)"),
                     249);
    ck_assert_int_eq(state_number(&s, WXS_DB_EVENTS,
                                  "SELECT count(*) FROM sqlite_master "
                                  "WHERE name LIKE 'former%'"),
                     0);
    ck_assert_int_eq(store.part.next_id, 751);
    ck_assert_int_eq(db_number(store.part.db, "SELECT position FROM segments"),
                     3);
    ck_assert_int_eq(db_number(store.part.db, "SELECT lost FROM writers"), 3);
}

static void
move_former(const wxs_worker *worker)
{
    (void)worker;
    (void)wxs_former_events_move(s.dir, 20, &error);
}

START_TEST(former_events_are_moved)
{
    make_former();
    OK(wxs_former_events_move(s.dir, 100, &error));
    ck_assert_uint_eq(count_parts(), 4);
    OK(wxs_former_events_move(s.dir, 100, &error));
    store_open();
    check_former();
}
END_TEST

START_TEST(former_events_are_moved_though_killed)
{
    make_former();
    for (int i = 0; i < 12; i++) {
        task mover = state_start(&s, move_former);
        int status;

        usleep((useconds_t)(i * 4000));
        (void)kill(mover.pid, SIGKILL);
        ck_assert_int_eq(waitpid(mover.pid, &status, 0), mover.pid);
        close(mover.stop_fd);
    }
    OK(wxs_former_events_move(s.dir, 20, &error));
    ck_assert_uint_eq(count_parts(), 14);
    store_open();
    check_former();
}
END_TEST

int
main(void)
{
    TCase *cases = tcase_create("partitions");

    tcase_add_checked_fixture(cases, store_make, store_remove);
    tcase_add_test(cases, scans_find_what_fits);
    tcase_add_test(cases, a_scan_goes_on_with_new_events);
    tcase_add_test(cases, positions_go_over_to_the_next);
    tcase_add_test(cases, labels_change_until_they_are_closed);
    tcase_add_test(cases, closing_waits_for_hold_and_sync);
    tcase_add_test(cases, former_events_are_moved);
    tcase_add_test(cases, former_events_are_moved_though_killed);
    return run_suite("partitions", cases);
}
