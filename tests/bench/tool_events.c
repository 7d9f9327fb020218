/* tool_events DIR STORED FRESH SECONDS - the way of events from the journal to
 * partitions and counts, with the worker's own threads. Makes the state
 * directory DIR, or goes on with one that was filled before; measures FRESH
 * events from the journal on into the empty store; fills it up to STORED
 * events; measures FRESH more; then what is asked of the store (a message's
 * events, a page of a domain's, 30 days of a domain's hours); then for SECONDS
 * how far collection lags behind 20,000 events/s while the same is asked
 * without a pause.
 */
#include <dirent.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "event_parts.h"
#include "event_traffic.h"
#include "journal_mark.h"
#include "journal_write.h"
#include "part_list.h"
#include "worker.h"

#define CHUNK      2000000 /* events in the journal at once */
#define QUESTIONS  200
#define LIVE_RATE  20000
#define TAGS_EVERY 2 /* messages that have tags */

static wxs_config config;
static wxs_worker worker = {.config = &config};
static char journal[512];
static wxs_error error;

#define OK(call)                                                               \
    do {                                                                       \
        if (!(call)) {                                                         \
            (void)fprintf(stderr, "%s: %s\n", #call, error.text);              \
            exit(1);                                                           \
        }                                                                      \
    } while (0)

/* ---- the store ---- */

static void
run_sql(wxs_db_kind kind, const char *sql)
{
    wxs_db *db;
    char *message = NULL;

    OK(wxs_db_open(&db, config.dir, kind, WXS_DB_WRITE, &error));
    if (sqlite3_exec(wxs_db_handle(db), sql, NULL, NULL, &message) !=
        SQLITE_OK) {
        (void)fprintf(stderr, "%s\n", message);
        exit(1);
    }
    wxs_db_close(db);
}

static void
empty_journal(void)
{
    char path[1024];
    struct dirent *entry;
    DIR *dir = opendir(journal);

    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        (void)snprintf(path, sizeof path, "%s/%s", journal, entry->d_name);
        (void)unlink(path);
    }
    if (dir != NULL)
        (void)closedir(dir);
}

/* Takes up a directory that was filled before, with the same numbers; what was
 * in its journal is left out. */
static void
go_on(void)
{
    wxs_event_parts *parts;
    wxs_db *db;
    sqlite3_stmt *row;

    OK(wxs_event_parts_open(&parts, config.dir, &error));
    OK(wxs_event_parts_newest(parts, &made, &error));
    wxs_event_parts_close(parts);
    OK(wxs_db_open(&db, config.dir, WXS_DB_EVENTS, WXS_DB_READ, &error));
    row = wxs_db_prepare(db,
                         "SELECT created_at FROM messages ORDER BY "
                         "id LIMIT 1",
                         &error);
    OK(wxs_db_step(db, row, &error) == 1);
    start_ms = sqlite3_column_int64(row, 0) / 1000;
    wxs_db_done(row);
    wxs_db_close(db);
    sent = made * 2 / 5 + 2;
    empty_journal();
    state = (uint64_t)made;
}

static void
make_state(const char *dir)
{
    char sql[1024];

    bool is_new = mkdir(dir, 0750) == 0;

    OK(wxs_config_load(&config, dir, NULL, &error));
    config.events.hold_ms = 0;
    OK(wxs_db_migrate(config.dir, &error));
    (void)snprintf(journal, sizeof journal, "%s/journal", config.dir);
    if (!is_new) {
        go_on();
        return;
    }
    OK(mkdir(journal, 0770) == 0);
    (void)snprintf(
        sql, sizeof sql,
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE "
        "i < %d) INSERT INTO accounts (number, id, name, created_at) "
        "SELECT i, 'a' || i, 'a', 1 FROM n; "
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE "
        "i < %d) INSERT INTO domains (number, id, account, name, region, "
        "return_path, open_tracking, click_tracking, tls, state, state_since, "
        "created_at) SELECT i, 'd' || i, 1 + i %% %d, 'd' || i || '.example', "
        "'us-east-1', 'send', 1, 1, 'opportunistic', 'verified', 1, 1 FROM n",
        ACCOUNTS, DOMAINS, ACCOUNTS);
    run_sql(WXS_DB_CONTROL, sql);
}

/* The messages up to this number. */
static void
send_messages(int64_t up_to)
{
    sqlite3_stmt *insert;
    wxs_db *db;

    OK(wxs_db_open(&db, config.dir, WXS_DB_EVENTS, WXS_DB_WRITE, &error));
    OK(wxs_db_begin(db, &error));
    for (; sent <= up_to; sent++) {
        uint8_t id[16];
        char tags[64];
        uint32_t domain = domain_of(sent);

        insert = wxs_db_prepare(db,
                                "INSERT OR IGNORE INTO messages (id, account, "
                                "domain, created_at, tags, mode)"
                                " VALUES (?1, ?2, ?3, ?4, ?5, 3)",
                                &error);
        message_id(sent, id);
        (void)snprintf(tags, sizeof tags, "{\"campaign\":\"c%" PRId64 "\"}",
                       sent / CAMPAIGN % 50);
        sqlite3_bind_blob(insert, 1, id, 16, SQLITE_STATIC);
        sqlite3_bind_int64(insert, 2, 1 + domain % ACCOUNTS);
        sqlite3_bind_int64(insert, 3, domain);
        sqlite3_bind_int64(insert, 4, time_of(sent * 5 / 2) * 1000);
        if (sent % TAGS_EVERY == 0)
            sqlite3_bind_text(insert, 5, tags, -1, SQLITE_STATIC);
        OK(wxs_db_run(db, insert, &error));
    }
    OK(wxs_db_commit(db, &error));
    wxs_db_close(db);
}

/* Processor time of the two threads in the last pass, seconds. */
static double cpu[2];

static double
cpu_of_thread(void)
{
    struct timespec used;

    return clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used) != 0
               ? 0
               : (double)used.tv_sec + (double)used.tv_nsec / 1e9;
}

static void *
collect(void *none)
{
    (void)pthread_setname_np(pthread_self(), "collect");
    wxs_collect_run(&worker);
    cpu[0] = cpu_of_thread();
    return none;
}

static void *
finalize(void *none)
{
    (void)pthread_setname_np(pthread_self(), "finalize");
    wxs_finalize_run(&worker);
    cpu[1] = cpu_of_thread();
    return none;
}

static double
seconds(int64_t since_ms)
{
    return (double)(wxs_monotonic_ms() - since_ms) / 1000.0;
}

static int64_t
newest(wxs_event_parts *parts, bool is_final)
{
    int64_t id;

    OK(is_final ? wxs_event_parts_final(parts, &id, &error)
                : wxs_event_parts_newest(parts, &id, &error));
    return id;
}

/* Brings events from the journal to their end; tells how long that took. */
static void
pass(int64_t events, double *collected, double *counted)
{
    pthread_t threads[2];
    wxs_journal_writer writer;
    wxs_event_parts *parts;
    int64_t begin;

    send_messages((made + events) * 2 / 5 + 1);
    if (wxs_journal_writer_init(&writer, journal, WXS_JOURNAL_SEGMENT_SIZE) !=
        WXS_OK)
        exit(1);
    for (int64_t i = 0; i < events; i++)
        append(&writer, time_of(made));
    wxs_journal_writer_close(&writer);
    sync();
    worker.stop_fd = eventfd(0, EFD_CLOEXEC);
    OK(wxs_event_parts_open(&parts, config.dir, &error));
    begin = wxs_monotonic_ms();
    OK(pthread_create(&threads[0], NULL, collect, NULL) == 0 &&
       pthread_create(&threads[1], NULL, finalize, NULL) == 0);
    while (newest(parts, false) < made)
        usleep(10000);
    *collected = seconds(begin);
    while (newest(parts, true) < made)
        usleep(10000);
    *counted = seconds(begin);
    (void)eventfd_write(worker.stop_fd, 1);
    (void)pthread_join(threads[0], NULL);
    (void)pthread_join(threads[1], NULL);
    (void)close(worker.stop_fd);
    wxs_event_parts_close(parts);
}

static void
measure(int64_t events)
{
    int64_t before = made;
    double collected, counted;

    pass(events, &collected, &counted);
    (void)printf("with %11" PRId64 " stored: %7.0f events/s stored, %7.0f "
                 "events/s stored and counted; processor: %.2f us an event to "
                 "store, %.2f us to count\n",
                 before, (double)events / collected, (double)events / counted,
                 cpu[0] * 1e6 / (double)events, cpu[1] * 1e6 / (double)events);
    (void)fflush(stdout);
}

static void
fill(int64_t up_to)
{
    int64_t begin = wxs_monotonic_ms();
    double collected, counted, sum = 0;

    while (made < up_to) {
        int64_t some = up_to - made < CHUNK ? up_to - made : CHUNK;

        pass(some, &collected, &counted);
        sum += counted;
        if (made % (5 * CHUNK) == 0)
            (void)fprintf(stderr, "%" PRId64 " events, %.0f/s; %.0f s\n", made,
                          (double)some / counted, seconds(begin));
    }
    if (sum > 0)
        (void)printf("filled in %.0f s of collection and counting\n", sum);
}

/* ---- questions ---- */

static wxs_event_parts *asked;
static wxs_db *counts;

static int
ask_message(void)
{
    uint8_t id[16];
    wxs_event_filter filter = {.message = id};
    const wxs_event_row *row;
    wxs_event_scan *scan;
    int64_t message = any_message();
    int found = 0;

    message_id(message, id);
    filter.account = 1 + domain_of(message) % ACCOUNTS;
    OK(wxs_event_scan_begin(asked, &filter, &scan, &error));
    while (wxs_event_scan_next(scan, &row, &error) == 1)
        found++;
    wxs_event_scan_end(scan);
    return found;
}

static int
ask_domain(void)
{
    int64_t domain = 1 + (int64_t)below(DOMAINS);
    const wxs_event_filter filter = {.account = 1 + domain % ACCOUNTS,
                                     .domain = domain};
    const wxs_event_row *row;
    wxs_event_scan *scan;
    int found = 0;

    OK(wxs_event_scan_begin(asked, &filter, &scan, &error));
    while (found < 20 && wxs_event_scan_next(scan, &row, &error) == 1)
        found++;
    wxs_event_scan_end(scan);
    return found;
}

static int
ask_metrics(void)
{
    static const char sql[] =
        "SELECT hour, type, total, human, uniques, unique_humans FROM "
        "rollup_hours WHERE account = ?1 AND domain = ?2 AND hour >= ?3";
    int64_t domain = 1 + (int64_t)below(DOMAINS);
    sqlite3_stmt *row = wxs_db_prepare(counts, sql, &error);
    int found = 0;

    OK(row != NULL);
    sqlite3_bind_int64(row, 1, 1 + domain % ACCOUNTS);
    sqlite3_bind_int64(row, 2, domain);
    sqlite3_bind_int64(row, 3, start_ms / 3600000);
    while (wxs_db_step(counts, row, &error) == 1)
        found++;
    wxs_db_done(row);
    return found;
}

static const struct {
    const char *name;
    int (*ask)(void);
} questions[] = {{"all events of a message", ask_message},
                 {"the newest 20 of a domain", ask_domain},
                 {"30 days of a domain's hours", ask_metrics}};

static int
compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return x < y ? -1 : x > y;
}

static void
open_asked(void)
{
    OK(wxs_event_parts_open(&asked, config.dir, &error));
    OK(wxs_db_open(&counts, config.dir, WXS_DB_COUNTS, WXS_DB_READ, &error));
}

static void
ask_all(void)
{
    double took[QUESTIONS];

    for (size_t q = 0; q < sizeof questions / sizeof questions[0]; q++) {
        int64_t found = 0;

        for (int i = 0; i < QUESTIONS; i++) {
            int64_t begin = wxs_now_us();

            found += questions[q].ask();
            took[i] = (double)(wxs_now_us() - begin) / 1000.0;
        }
        qsort(took, QUESTIONS, sizeof took[0], compare);
        (void)printf(
            "%-28s median %6.2f ms, 95 %% within %6.2f ms, %.1f rows\n",
            questions[q].name, took[QUESTIONS / 2], took[QUESTIONS * 95 / 100],
            (double)found / QUESTIONS);
    }
}

/* ---- disk ---- */

static double
size_of(const char *name)
{
    char path[WXS_PART_PATH];
    struct stat st;

    (void)snprintf(path, sizeof path, "%s/%s", config.dir, name);
    return stat(path, &st) == 0 ? (double)st.st_size : 0;
}

static void
tell_sizes(void)
{
    wxs_part_list list;
    char name[WXS_PART_NAME + 7];
    double parts = 0;

    OK(wxs_part_list_read(&list, config.dir, &error));
    for (size_t i = 0; i < list.count; i++) {
        (void)snprintf(name, sizeof name, "events/%016" PRIx64 ".db",
                       (uint64_t)list.first_id[i]);
        parts += size_of(name);
    }
    (void)printf("%zu partitions: %.1f bytes an event; counts.db: %.1f; "
                 "events.db (messages): %.1f\n",
                 list.count, parts / (double)made,
                 size_of("counts.db") / (double)made,
                 size_of("events.db") / (double)made);
    wxs_part_list_free(&list);
}

/* ---- all at once ---- */

static void *
ask_for_ever(void *stop)
{
    for (size_t i = 0; !*(volatile bool *)stop; i++)
        (void)questions[i % (sizeof questions / sizeof questions[0])].ask();
    return NULL;
}

static void
live(int run_seconds)
{
    pthread_t threads[3];
    wxs_journal_writer writer;
    wxs_journal_lag lag;
    bool stop = false;
    int64_t begin, first = made, worst = 0;

    send_messages((made + (int64_t)run_seconds * LIVE_RATE) * 2 / 5 + 1);
    if (wxs_journal_writer_init(&writer, journal, WXS_JOURNAL_SEGMENT_SIZE) !=
        WXS_OK)
        exit(1);
    worker.stop_fd = eventfd(0, EFD_CLOEXEC);
    OK(pthread_create(&threads[0], NULL, collect, NULL) == 0 &&
       pthread_create(&threads[1], NULL, finalize, NULL) == 0 &&
       pthread_create(&threads[2], NULL, ask_for_ever, &stop) == 0);
    begin = wxs_monotonic_ms();
    while (seconds(begin) < run_seconds) {
        int64_t due = (int64_t)(seconds(begin) * LIVE_RATE);

        while (made - first < due)
            append(&writer, wxs_now_us() / 1000);
        (void)wxs_journal_writer_tend(&writer, (uint64_t)wxs_now_us() / 1000);
        if (wxs_journal_lag_measure(journal, (uint64_t)wxs_now_us() / 1000,
                                    &lag) == WXS_OK &&
            seconds(begin) > 1 && (int64_t)lag.ms > worst)
            worst = (int64_t)lag.ms;
        usleep(5000);
    }
    stop = true;
    (void)pthread_join(threads[2], NULL);
    (void)eventfd_write(worker.stop_fd, 1);
    (void)pthread_join(threads[0], NULL);
    (void)pthread_join(threads[1], NULL);
    wxs_journal_writer_close(&writer);
    (void)printf("%d events/s for %d s while asked: lag at most %" PRId64
                 " ms\n",
                 LIVE_RATE, run_seconds, worst);
}

int
main(int argc, char **argv)
{
    int64_t stored, fresh;
    int run_seconds;

    if (argc != 5)
        return 2;
    stored = strtoll(argv[2], NULL, 10);
    fresh = strtoll(argv[3], NULL, 10);
    run_seconds = atoi(argv[4]);
    planned = stored + 2 * fresh + 1;
    start_ms = wxs_now_us() / 1000 - (int64_t)DAYS * MS_A_DAY;
    make_state(argv[1]);
    if (made == 0)
        measure(fresh);
    fill(stored);
    if (made > fresh)
        measure(fresh);
    open_asked();
    ask_all();
    tell_sizes();
    live(run_seconds);
    wxs_db_close(counts);
    wxs_event_parts_close(asked);
    return 0;
}
