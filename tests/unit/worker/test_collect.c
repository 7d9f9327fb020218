#include "state.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>

#include "event_store.h"
#include "journal_mark.h"
#include "journal_write.h"

#define DOMAIN  7
#define ACCOUNT 3

static state s;

static void
setup(void)
{
    state_make(&s);
    s.config.journal.sync_ms = 20;
    ck_assert_int_eq(mkdir(state_path(&s, "journal"), 0770), 0);
    state_exec(
        &s, WXS_DB_CONTROL,
        "INSERT INTO accounts (number, id, name, created_at) VALUES (3, 'a', "
        "'a', 1);"
        "INSERT INTO domains (number, id, account, name, region, return_path,"
        " open_tracking, click_tracking, tls, state, state_since, created_at)"
        " VALUES (7, 'd', 3, 'acme.example', 'us-east-1', 'send', 1, 1,"
        " 'opportunistic', 'verified', 1, 1);"
        "INSERT INTO links VALUES (99, 7, 'https://a.example/t', NULL, 1)");
}

static void
teardown(void)
{
    state_remove(&s);
}

static wxs_event
make_event(wxs_token_type type, wxs_mode mode)
{
    wxs_event event = {
        .time_ms = 1790000000123,
        .type = type,
        .mode = mode,
        .domain = DOMAIN,
        .message_id = {1, 2, 3},
        .address = {0x20, 0x01, 0x0d, 0xb8, 0, 1, 0, 2, [15] = 9},
        .link_index = 5,
        .prefix = "https://",
        .prefix_len = 8,
        .rest = "b.example/x",
        .rest_len = 11,
        .agent = "Mail/1",
        .agent_len = 6,
    };

    if (type != WXS_TOKEN_CLICK)
        event.prefix_len = event.rest_len = event.link_index = 0;
    return event;
}

static void
writer_open(wxs_journal_writer *writer)
{
    ck_assert_int_eq(wxs_journal_writer_init(writer, state_path(&s, "journal"),
                                             4 * WXS_JOURNAL_PAGE),
                     WXS_OK);
}

static void
append(wxs_journal_writer *writer, const wxs_event *event)
{
    ck_assert_int_eq(wxs_journal_append(writer, event), WXS_OK);
}

/* Collects until the newest partition has so many events. */
static void
collect(int64_t expected)
{
    task collector = state_start(&s, wxs_collect_run);

    state_await(&s, WXS_DB_PART, "SELECT count(*) FROM events", expected);
    task_stop(&collector);
}

/* Files of the journal whose name ends so. */
static int
count_files(const char *suffix)
{
    DIR *dir = opendir(state_path(&s, "journal"));
    struct dirent *entry;
    int count = 0;

    ck_assert_ptr_nonnull(dir);
    while ((entry = readdir(dir)) != NULL) {
        size_t len = strlen(entry->d_name), end = strlen(suffix);

        count += len > end && strcmp(entry->d_name + len - end, suffix) == 0;
    }
    closedir(dir);
    return count;
}

static void
await_files(const char *suffix, int expected)
{
    for (int i = 0; i < 6000 && count_files(suffix) != expected; i++)
        usleep(10000);
    ck_assert_int_eq(count_files(suffix), expected);
}

/* ---- rows ---- */

/* Exactly one event fits the condition. */
#define ASSERT_ONE(condition)                                                  \
    ck_assert_int_eq(                                                          \
        state_number(&s, WXS_DB_PART,                                          \
                     "SELECT count(*) FROM event_rows WHERE " condition),      \
        1)

START_TEST(modes_keep_what_they_may)
{
    wxs_event full = make_event(WXS_TOKEN_CLICK, WXS_MODE_FULL);
    wxs_event pseudonymous = make_event(WXS_TOKEN_CLICK, WXS_MODE_PSEUDONYMOUS);
    wxs_event anonymous = make_event(WXS_TOKEN_CLICK, WXS_MODE_ANONYMOUS);
    wxs_journal_writer writer;

    writer_open(&writer);
    append(&writer, &full);
    append(&writer, &pseudonymous);
    pseudonymous.address[15] = 10; /* the same network */
    append(&writer, &pseudonymous);
    pseudonymous.address[4] = 10; /* another one */
    append(&writer, &pseudonymous);
    append(&writer, &anonymous);
    wxs_journal_writer_close(&writer);
    collect(5);
    ASSERT_ONE("id = 1 AND account = 3 AND domain = 7 AND type = 'c' AND "
               "at = 1790000000123 AND mode = 3 AND flags = 0 AND "
               "hex(message) = '01020300000000000000000000000000' AND "
               "link = 'https://b.example/x' AND link_index = 5 AND "
               "hex(address) = '20010DB8000100020000000000000009' AND "
               "agent = 'Mail/1' AND verdict = 'machine' AND "
               "reason = 'client_preflight' AND certainty = 70 AND "
               "device IS NULL AND client = 'apple-mail' AND country IS NULL");
    ASSERT_ONE("id = 2 AND message IS NOT NULL AND agent = 'Mail/1' AND "
               "length(address) = 8 AND address = "
               "(SELECT address FROM event_rows WHERE id = 3)");
    ASSERT_ONE("id = 4 AND length(address) = 8 AND address <> "
               "(SELECT address FROM event_rows WHERE id = 3)");
    ASSERT_ONE("id = 5 AND message IS NULL AND address IS NULL AND "
               "agent IS NULL AND link = 'https://b.example/x'");
    ck_assert_int_eq(state_number(&s, WXS_DB_PART,
                                  "SELECT count(*) FROM writers "
                                  "WHERE sequence = 5 AND lost = 0"),
                     1);
}
END_TEST

START_TEST(kinds_of_events)
{
    wxs_event open = make_event(WXS_TOKEN_OPEN, WXS_MODE_FULL);
    wxs_event table = make_event(WXS_TOKEN_CLICK, WXS_MODE_FULL);
    wxs_event head = make_event(WXS_TOKEN_CLICK, WXS_MODE_FULL);
    wxs_event prefetch = make_event(WXS_TOKEN_CLICK, WXS_MODE_FULL);
    wxs_event stranger = make_event(WXS_TOKEN_CLICK, WXS_MODE_FULL);
    wxs_journal_writer writer;

    memset(open.address, 0, sizeof open.address);
    table.flags = WXS_EVENT_TABLE;
    table.link_id = 99;
    table.prefix_len = table.rest_len = 0;
    head.flags = WXS_EVENT_HEAD | WXS_EVENT_PREFETCH;
    prefetch.flags = WXS_EVENT_PREFETCH;
    stranger.domain = 8;
    stranger.agent = "a\xff\xc3(\0\xc3\xa9";
    stranger.agent_len = 7;
    writer_open(&writer);
    append(&writer, &open);
    append(&writer, &table);
    append(&writer, &head);
    append(&writer, &prefetch);
    append(&writer, &stranger);
    wxs_journal_writer_close(&writer);
    collect(5);
    ASSERT_ONE("id = 1 AND type = 'o' AND link IS NULL AND "
               "link_index IS NULL AND address IS NULL AND mode = 3");
    ASSERT_ONE("id = 2 AND link = 'https://a.example/t' AND link_index = 5");
    ASSERT_ONE("id = 3 AND verdict = 'machine' AND reason = 'head_request'");
    ASSERT_ONE("id = 4 AND verdict = 'machine' AND reason = 'prefetch_header'");
    ASSERT_ONE("id = 5 AND account = 0 AND domain = 8 AND "
               "hex(agent) = '61EFBFBDEFBFBD28EFBFBDC3A9'");
}
END_TEST

START_TEST(day_keys_of_other_days_go)
{
    task collector;

    state_exec(&s, WXS_DB_EVENTS,
               "INSERT INTO daily_keys VALUES ('2020-01-01', zeroblob(32))");
    collector = state_start(&s, wxs_collect_run);
    state_await(&s, WXS_DB_EVENTS,
                "SELECT count(*) FROM daily_keys "
                "WHERE day = date('now') AND key <> zeroblob(32)",
                1);
    task_stop(&collector);
    ck_assert_int_eq(
        state_number(&s, WXS_DB_EVENTS, "SELECT count(*) FROM daily_keys"), 1);
}
END_TEST

START_TEST(text_is_made_valid)
{
    static const struct {
        const char *in;
        size_t len;
        const char *out;
    } cases[] = {
        {"plain", 5, "plain"},
        {"\xc3\xa9\xe2\x82\xac", 5, "\xc3\xa9\xe2\x82\xac"},
        {"\xe2\x82", 2, "\xef\xbf\xbd\xef\xbf\xbd"},
        {"\xc0\xaf", 2, "\xef\xbf\xbd\xef\xbf\xbd"},
        {"\xed\xa0\x80z", 4, "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbdz"},
        {"\0", 1, "\xef\xbf\xbd"},
        {"", 0, ""},
    };
    char out[64];

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t len = wxs_event_text(cases[i].in, cases[i].len, out);

        ck_assert_uint_eq(len, strlen(cases[i].out));
        ck_assert_mem_eq(out, cases[i].out, len);
    }
}
END_TEST

/* ---- segments ---- */

START_TEST(drops_are_counted_as_lost)
{
    wxs_event event = make_event(WXS_TOKEN_CLICK, WXS_MODE_FULL);
    wxs_journal_writer writer;

    writer_open(&writer);
    append(&writer, &event);
    event.agent_len = WXS_EVENT_AGENT_MAX + 1;
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(wxs_journal_append(&writer, &event), WXS_TOO_LONG);
    event.agent_len = 6;
    append(&writer, &event);
    wxs_journal_writer_close(&writer);
    collect(2);
    ck_assert_int_eq(state_number(&s, WXS_DB_PART,
                                  "SELECT count(*) FROM writers "
                                  "WHERE sequence = 5 AND lost = 3"),
                     1);
}
END_TEST

START_TEST(open_segments_stay_and_finished_ones_go)
{
    wxs_event event = make_event(WXS_TOKEN_CLICK, WXS_MODE_FULL);
    wxs_journal_writer writer;
    task collector;

    writer_open(&writer);
    for (int i = 0; i < 300; i++)
        append(&writer, &event);
    ck_assert_int_gt(count_files(".wxj"), 2);
    collector = state_start(&s, wxs_collect_run);
    state_await(&s, WXS_DB_PART, "SELECT count(*) FROM events", 300);
    await_files(".wxj", 1);
    append(&writer, &event);
    state_await(&s, WXS_DB_PART, "SELECT count(*) FROM events", 301);
    task_stop(&collector);
    wxs_journal_writer_close(&writer);
    collector = state_start(&s, wxs_collect_run);
    await_files(".wxj", 0);
    task_stop(&collector);
    collector = state_start(&s, wxs_collect_run);
    state_await(&s, WXS_DB_PART, "SELECT count(*) FROM segments", 0);
    task_stop(&collector);
    ck_assert_int_eq(
        state_number(&s, WXS_DB_PART, "SELECT count(*) FROM events"), 301);
    ck_assert_int_eq(
        state_number(&s, WXS_DB_PART, "SELECT sum(lost) FROM writers"), 0);
}
END_TEST

/* Overwrites a byte of the first journal file. */
static void
damage(off_t offset)
{
    DIR *dir = opendir(state_path(&s, "journal"));
    struct dirent *entry;
    int fd = -1;

    ck_assert_ptr_nonnull(dir);
    while (fd == -1 && (entry = readdir(dir)) != NULL)
        if (strstr(entry->d_name, ".wxj") != NULL &&
            strstr(entry->d_name, ".damaged") == NULL)
            fd = openat(dirfd(dir), entry->d_name, O_WRONLY | O_CLOEXEC);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(pwrite(fd, "!", 1, offset), 1);
    close(fd);
    closedir(dir);
}

START_TEST(damaged_segment_is_kept_aside)
{
    wxs_event event = make_event(WXS_TOKEN_CLICK, WXS_MODE_FULL);
    wxs_journal_writer writer;
    task collector;
    int before = 0;

    writer_open(&writer);
    while (writer.end < 2 * WXS_JOURNAL_PAGE) {
        append(&writer, &event);
        before++;
    }
    wxs_journal_writer_close(&writer);
    damage(WXS_JOURNAL_PAGE + 30); /* the first record */
    collector = state_start(&s, wxs_collect_run);
    await_files(".wxj.damaged", 1);
    task_stop(&collector);
    ck_assert_int_eq(
        state_number(&s, WXS_DB_PART, "SELECT count(*) FROM events"),
        before - 1);
    ck_assert_int_eq(count_files(".wxj"), 0);
    ck_assert_int_eq(state_number(&s, WXS_DB_PART, "SELECT lost FROM writers"),
                     1);
}
END_TEST

/* No later event tells of it by its sequence number, the seal does. */
START_TEST(losses_at_the_end_are_counted)
{
    wxs_event event = make_event(WXS_TOKEN_CLICK, WXS_MODE_FULL);
    wxs_journal_writer writer;
    task collector;

    for (int events = 2; events > 0; events--) { /* the last, the only one */
        writer_open(&writer);
        for (int i = 0; i < events; i++)
            append(&writer, &event);
        wxs_journal_writer_close(&writer);
        damage((off_t)writer.end - 30);
        collector = state_start(&s, wxs_collect_run);
        await_files(".wxj", 0);
        task_stop(&collector);
    }
    ck_assert_int_eq(
        state_number(&s, WXS_DB_PART, "SELECT count(*) FROM events"), 1);
    ck_assert_int_eq(
        state_number(&s, WXS_DB_PART,
                     "SELECT count(*) FROM writers WHERE lost = 1"),
        2);
}
END_TEST

START_TEST(damage_is_remembered_across_a_restart)
{
    wxs_event event = make_event(WXS_TOKEN_CLICK, WXS_MODE_FULL);
    wxs_journal_writer writer;
    task collector;
    int before = 0;

    writer_open(&writer);
    while (writer.end < 2 * WXS_JOURNAL_PAGE) {
        append(&writer, &event);
        before++;
    }
    damage(WXS_JOURNAL_PAGE + 30);
    collector = state_start(&s, wxs_collect_run);
    state_await(&s, WXS_DB_PART, "SELECT count(*) FROM events", before - 1);
    task_kill(&collector);
    append(&writer, &event);
    wxs_journal_writer_close(&writer);
    collector = state_start(&s, wxs_collect_run);
    await_files(".wxj.damaged", 1);
    task_stop(&collector);
    ck_assert_int_eq(
        state_number(&s, WXS_DB_PART, "SELECT count(*) FROM events"), before);
}
END_TEST

START_TEST(damaged_header_costs_no_event)
{
    wxs_event event = make_event(WXS_TOKEN_CLICK, WXS_MODE_FULL);
    wxs_journal_writer writer;
    task collector;
    int junk;

    writer_open(&writer);
    append(&writer, &event);
    wxs_journal_writer_close(&writer);
    damage(20);
    junk = open(state_path(&s, "journal/0000000000000001-00000001.wxj"),
                O_CREAT | O_WRONLY | O_CLOEXEC, 0640);
    ck_assert_int_eq(write(junk, "junk", 4), 4);
    close(junk);
    collector = state_start(&s, wxs_collect_run);
    state_await(&s, WXS_DB_PART, "SELECT count(*) FROM events", 1);
    await_files(".wxj.damaged", 2);
    await_files(".wxj", 0);
    task_stop(&collector);
}
END_TEST

START_TEST(a_replaced_directory_is_found)
{
    wxs_event event = make_event(WXS_TOKEN_CLICK, WXS_MODE_FULL);
    wxs_journal_writer writer;
    char former[128];
    task collector;

    writer_open(&writer);
    append(&writer, &event);
    collector = state_start(&s, wxs_collect_run);
    state_await(&s, WXS_DB_PART, "SELECT count(*) FROM events", 1);
    for (int i = 1; i <= 3; i++) {
        (void)snprintf(former, sizeof former, "%s/former%d", s.dir, i);
        ck_assert_int_eq(rename(state_path(&s, "journal"), former), 0);
        ck_assert_int_eq(mkdir(state_path(&s, "journal"), 0770), 0);
        append(&writer, &event); /* still into the former */
        event.time_ms += 1000;
        ck_assert_int_eq(wxs_journal_writer_tend(&writer, event.time_ms),
                         WXS_OK);
        append(&writer, &event);
        state_await(&s, WXS_DB_PART, "SELECT count(*) FROM events", 1 + 2 * i);
    }
    ck_assert_int_eq(count_files(".wxj"), 1);
    task_stop(&collector);
    wxs_journal_writer_close(&writer);
    ck_assert_int_eq(
        state_number(&s, WXS_DB_PART, "SELECT sum(lost) FROM writers"), 0);
}
END_TEST

START_TEST(writers_of_long_ago_are_summed_up)
{
    wxs_event event = make_event(WXS_TOKEN_CLICK, WXS_MODE_FULL);
    wxs_journal_writer writer;
    task collector;

    writer_open(&writer); /* idle for long, but its segment is open */
    append(&writer, &event);
    collect(1);
    state_exec(&s, WXS_DB_PART,
               "UPDATE writers SET seen_at = 1;"
               "INSERT INTO writers SELECT 10, 5, 2, 1 UNION"
               " SELECT 11, 5, 0, 1 UNION SELECT 12, 5, 3, 2 UNION"
               " SELECT 13, 5, 4, 9e15");
    for (int64_t lost = 5; lost <= 10; lost += 5) {
        collector = state_start(&s, wxs_collect_run);
        state_await(&s, WXS_DB_PART,
                    "SELECT lost FROM writers WHERE writer = 0 UNION ALL "
                    "SELECT 0",
                    lost);
        task_stop(&collector);
        ck_assert_int_eq(
            state_number(&s, WXS_DB_PART, "SELECT count(*) FROM writers"), 3);
        state_exec(&s, WXS_DB_PART, "INSERT INTO writers VALUES (10,5,5,1)");
    }
    append(&writer, &event);
    collect(2);
    ck_assert_int_eq(state_number(&s, WXS_DB_PART,
                                  "SELECT sum(lost) FROM writers "
                                  "WHERE writer NOT IN (0, 10, 13)"),
                     0);
    wxs_journal_writer_close(&writer);
}
END_TEST

START_TEST(lag_is_told)
{
    wxs_event event = make_event(WXS_TOKEN_CLICK, WXS_MODE_FULL);
    wxs_journal_writer writer;
    wxs_journal_lag lag = {1, 1};
    char path[128];

    strcpy(path, state_path(&s, "journal"));
    ck_assert_int_eq(wxs_journal_lag_measure(path, 0, &lag), WXS_IO);
    writer_open(&writer);
    append(&writer, &event);
    collect(1);
    ck_assert_int_eq(
        wxs_journal_lag_measure(path, (uint64_t)wxs_now_us() / 1000, &lag),
        WXS_OK);
    ck_assert_uint_eq(lag.bytes, 0);
    ck_assert_uint_eq(lag.ms, 0);
    for (int i = 0; i < 100; i++)
        append(&writer, &event);
    ck_assert_int_eq(wxs_journal_lag_measure(
                         path, (uint64_t)wxs_now_us() / 1000 + 5000, &lag),
                     WXS_OK);
    ck_assert_uint_ge(lag.bytes, 99 * WXS_JOURNAL_RECORD_MIN);
    ck_assert_uint_le(lag.bytes, writer.bytes + 8 * WXS_JOURNAL_PAGE);
    ck_assert_uint_ge(lag.ms, 5000);
    ck_assert_uint_le(lag.ms, 25000);
    wxs_journal_writer_close(&writer);
    collect(101);
    ck_assert_int_eq(wxs_journal_lag_measure(path, UINT64_MAX, &lag), WXS_OK);
    ck_assert_uint_eq(lag.bytes, 0);
}
END_TEST

START_TEST(stale_unfinished_files_go)
{
    struct timespec old[2] = {{.tv_sec = 1000}, {.tv_sec = 1000}};
    task collector;
    int locked, fresh, stale;

    stale = open(state_path(&s, "journal/a-00000001.wxj.new"),
                 O_CREAT | O_WRONLY | O_CLOEXEC, 0640);
    ck_assert_int_eq(futimens(stale, old), 0);
    locked = open(state_path(&s, "journal/b-00000001.wxj.new"),
                  O_CREAT | O_WRONLY | O_CLOEXEC, 0640);
    ck_assert_int_eq(futimens(locked, old), 0);
    ck_assert_int_eq(flock(locked, LOCK_EX), 0);
    fresh = open(state_path(&s, "journal/c-00000001.wxj.new"),
                 O_CREAT | O_WRONLY | O_CLOEXEC, 0640);
    collector = state_start(&s, wxs_collect_run);
    await_files(".new", 2);
    usleep(300000);
    ck_assert_int_eq(count_files(".new"), 2);
    ck_assert_int_eq(access(state_path(&s, "journal/a-00000001.wxj.new"), F_OK),
                     -1);
    task_stop(&collector);
    close(stale);
    close(locked);
    close(fresh);
}
END_TEST

/* ---- kills ---- */

#define EVENTS_MAX 400000
#define ROUNDS     30

/* Shared with the writers: what they began to write and what they were told is
 * written. Event n has n at the start of its message id. */
struct ledger {
    uint64_t next;
    bool stop;
    uint8_t begun[EVENTS_MAX];
    uint8_t accepted[EVENTS_MAX];
};

static struct ledger *ledger;

static void
write_events(const wxs_worker *worker)
{
    wxs_event event = make_event(WXS_TOKEN_CLICK, WXS_MODE_FULL);
    wxs_journal_writer writer;

    (void)worker;
    writer_open(&writer);
    while (!__atomic_load_n(&ledger->stop, __ATOMIC_RELAXED)) {
        uint64_t n = __atomic_fetch_add(&ledger->next, 1, __ATOMIC_RELAXED);

        if (n >= EVENTS_MAX)
            break;
        memcpy(event.message_id, &n, sizeof n);
        ledger->begun[n] = 1;
        if (wxs_journal_append(&writer, &event) == WXS_OK)
            ledger->accepted[n] = 1;
        if (n % 20 == 0)
            usleep(500);
    }
    wxs_journal_writer_close(&writer);
}

static void
check_ledger(void)
{
    static uint8_t stored[EVENTS_MAX];
    sqlite3_stmt *statement;
    uint64_t n, accepted = 0;
    wxs_error error;
    wxs_db *db = state_open(&s, WXS_DB_PART);

    statement = wxs_db_prepare(db, "SELECT message FROM events", &error);
    while (wxs_db_step(db, statement, &error) == 1) {
        memcpy(&n, sqlite3_column_blob(statement, 0), sizeof n);
        ck_assert_uint_lt(n, EVENTS_MAX);
        ck_assert_msg(stored[n] == 0, "event %" PRIu64 " was stored twice", n);
        ck_assert_msg(ledger->begun[n], "event %" PRIu64 " is invented", n);
        stored[n] = 1;
    }
    wxs_db_done(statement);
    for (n = 0; n < EVENTS_MAX; n++) {
        ck_assert_msg(!ledger->accepted[n] || stored[n],
                      "event %" PRIu64 " is missing", n);
        accepted += ledger->accepted[n];
    }
    ck_assert_uint_gt(accepted, 1000);
    ck_assert_int_eq(db_number(db, "SELECT sum(lost) FROM writers"), 0);
    wxs_db_close(db);
}

START_TEST(killed_at_random_every_event_is_stored_once)
{
    task writers[2], collector;

    ledger = mmap(NULL, sizeof *ledger, PROT_READ | PROT_WRITE,
                  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(ledger, MAP_FAILED);
    for (int i = 0; i < 2; i++)
        writers[i] = state_start(&s, write_events);
    srandom((unsigned)getpid());
    for (int round = 0; round < ROUNDS; round++) {
        collector = state_start(&s, wxs_collect_run);
        usleep(5000 + (useconds_t)(random() % 200000));
        task_kill(&collector);
        if (round % 5 == 4) {
            int i = round / 5 % 2;

            task_kill(&writers[i]);
            writers[i] = state_start(&s, write_events);
        }
    }
    ledger->stop = true;
    task_stop(&writers[0]);
    task_stop(&writers[1]);
    collector = state_start(&s, wxs_collect_run);
    await_files(".wxj", 0);
    task_stop(&collector);
    check_ledger();
    collector = state_start(&s, wxs_collect_run);
    state_await(&s, WXS_DB_PART, "SELECT count(*) FROM segments", 0);
    task_stop(&collector);
}
END_TEST

int
main(void)
{
    TCase *cases = tcase_create("collect");

    tcase_add_checked_fixture(cases, setup, teardown);
    tcase_add_test(cases, modes_keep_what_they_may);
    tcase_add_test(cases, kinds_of_events);
    tcase_add_test(cases, day_keys_of_other_days_go);
    tcase_add_test(cases, text_is_made_valid);
    tcase_add_test(cases, drops_are_counted_as_lost);
    tcase_add_test(cases, open_segments_stay_and_finished_ones_go);
    tcase_add_test(cases, damaged_segment_is_kept_aside);
    tcase_add_test(cases, losses_at_the_end_are_counted);
    tcase_add_test(cases, damage_is_remembered_across_a_restart);
    tcase_add_test(cases, damaged_header_costs_no_event);
    tcase_add_test(cases, a_replaced_directory_is_found);
    tcase_add_test(cases, writers_of_long_ago_are_summed_up);
    tcase_add_test(cases, lag_is_told);
    tcase_add_test(cases, stale_unfinished_files_go);
    tcase_add_test(cases, killed_at_random_every_event_is_stored_once);
    return run_suite("collect", cases);
}
