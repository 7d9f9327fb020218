/* Forgetting a person: nothing of it is left in any file */
#include <fcntl.h>
#include <sys/mman.h>

#include "store/erase.h"
#include "store_fixture.h"

#define DAY      INT64_C(86400000)
#define MESSAGE  "01000000000000000000000000000001"
#define UUID     "01000000-0000-0000-0000-000000000001"
#define OTHER    "02000000000000000000000000000001"
#define OTHER_ID "02000000-0000-0000-0000-000000000001"

static char found_in[512];
static const void *wanted;
static size_t wanted_len;

static int
look_into(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
    int fd = flag == FTW_F && st->st_size > 0 ? open(path, O_RDONLY) : -1;
    void *map;

    (void)ftw;
    if (fd == -1)
        return 0;
    map = mmap(NULL, (size_t)st->st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    close(fd);
    ck_assert_ptr_ne(map, MAP_FAILED);
    if (memmem(map, (size_t)st->st_size, wanted, wanted_len) != NULL)
        (void)snprintf(found_in, sizeof found_in, "%s", path);
    (void)munmap(map, (size_t)st->st_size);
    return 0;
}

/* A file of the state directory that has the bytes, or "". */
static const char *
where(const void *bytes, size_t len)
{
    found_in[0] = '\0';
    wanted = bytes;
    wanted_len = len;
    ck_assert_int_eq(nftw(s.dir, look_into, 8, FTW_PHYS), 0);
    return found_in;
}

#define GONE(text)  ck_assert_str_eq(where(text, strlen(text)), "")
#define THERE(text) ck_assert_str_ne(where(text, strlen(text)), "")

static wxs_event
event_of(uint64_t message, const char *url, const char *agent)
{
    wxs_event event = store_event(7, message, 1, 20 * DAY);

    event.rest = url;
    event.rest_len = strlen(url);
    event.agent = agent;
    event.agent_len = strlen(agent);
    return event;
}

/* Two messages, with events in two partitions; what only the first has is named
 * after Ann. */
static void
put_events(void)
{
    wxs_event shared, own, other;

    for (int i = 0; i < 2; i++) {
        own = event_of(1, "https://l.example/of-ann", "Agent-of-Ann/1");
        shared = event_of(1, "https://l.example/shared", "Shared/1");
        other = event_of(2, "https://l.example/shared", "Shared/1");
        store_begin();
        store_put(&own, WXS_VERDICT_HUMAN);
        store_put(&shared, WXS_VERDICT_HUMAN);
        store_put(&other, WXS_VERDICT_HUMAN);
        store_commit();
        if (i == 0)
            OK(wxs_event_store_switch(&store, 1, INT64_MAX, &error));
    }
}

static void
put_rest(void)
{
    state_exec(&s, WXS_DB_EVENTS,
               "INSERT INTO messages (id, account, domain, created_at, "
               "recipients, subject, tags, mode) VALUES "
               "(x'" MESSAGE "', 3, 7, 1, '[\"Ann <Ann@A.example>\"]', "
               "'to-ann', '{}', 3), "
               "(x'" OTHER "', 3, 7, 1, '[\"joann@a.example\"]', 'o', '{}', "
               "3);"
               "INSERT INTO message_links VALUES (x'" MESSAGE "', 1, "
               "'link-of-ann', NULL)");
    state_exec(&s, WXS_DB_CONTROL,
               "INSERT INTO webhooks (number, id, account, endpoint, events, "
               "status, enabled_at, created_at) VALUES (5, 'w', 3, 'u', '[]', "
               "'enabled', 1, 1)");
    state_exec(&s, WXS_DB_WEBHOOKS,
               "INSERT INTO messages (number, id, type, created_at, payload) "
               "VALUES (1, 'm1', 't', 1, '{\"email_id\":\"" UUID "\"}'), "
               "(2, 'm2', 't', 1, '{\"email_id\":\"" OTHER_ID "\"}');"
               "INSERT INTO deliveries VALUES (5, 1, 'success', 1, NULL, 0), "
               "(5, 2, 'success', 1, NULL, 0);"
               "INSERT INTO attempts VALUES (1, 5, 1, 200, 'thanks, ann', 1)");
    state_exec(&s, WXS_DB_REQUESTS,
               "INSERT INTO log (id, account, key_id, created_at, method, "
               "endpoint, status, request_body) VALUES "
               "('r1', 3, 'k', 1, 'POST', '/messages', 201, "
               "'{\"to\":\"ann@a.example\"}'),"
               "('r2', 3, 'k', 1, 'GET', '/x', 200, NULL)");
}

static void
erase(const char *row)
{
    char sql[300];
    bool more = true;

    (void)snprintf(sql, sizeof sql,
                   "INSERT INTO erasures (id, account, message, recipient, "
                   "requested_at) VALUES ('e', %s, 1)",
                   row);
    state_exec(&s, WXS_DB_EVENTS, sql);
    store_close();
    for (int i = 0; more && i < 10; i++)
        OK(wxs_erase(s.dir, &more, &error));
    store_open();
}

static void
check_erased(void)
{
    static const uint8_t id[] = {1, 0, 0, 0, 0, 0, 0, 0,
                                 0, 0, 0, 0, 0, 0, 0, 1};

    ck_assert_str_eq(where(id, sizeof id), "");
    GONE(UUID);
    GONE("of-ann");
    GONE("Agent-of-Ann");
    GONE("to-ann");
    GONE("thanks, ann");
    THERE("https://l.example/shared");
    THERE("Shared/1");
    THERE(OTHER_ID);
    ck_assert_int_eq(db_number(store.part.db, "SELECT count(*) FROM events"),
                     1);
    ck_assert_int_eq(state_number(&s, WXS_DB_EVENTS,
                                  "SELECT count(*) FROM erasures WHERE "
                                  "done_at > 1 AND message IS NULL AND "
                                  "recipient IS NULL AND messages = 1 AND "
                                  "events = 4 AND deliveries = 1"),
                     1);
    ck_assert_int_eq(
        state_number(&s, WXS_DB_COUNTS, "SELECT sum(total) FROM rollup_links"),
        6);
    ck_assert_int_eq(state_number(&s, WXS_DB_COUNTS,
                                  "SELECT total FROM rollup_links WHERE "
                                  "link = 0"),
                     2);
    ck_assert_int_eq(
        state_number(&s, WXS_DB_COUNTS, "SELECT count(*) FROM message_counts"),
        2);
}

START_TEST(a_message_is_forgotten)
{
    put_events();
    put_rest();
    finalize_all();
    THERE("Agent-of-Ann");
    erase("3, x'" MESSAGE "', NULL");
    check_erased();
}
END_TEST

START_TEST(a_recipient_is_forgotten)
{
    put_events();
    put_rest();
    finalize_all();
    THERE("ann@a.example");
    THERE("Ann@A.example");
    erase("3, NULL, 'ANN@a.example'");
    check_erased();
    GONE("Ann@A.example");
    GONE("\"ann@a.example");
    THERE("joann@a.example");
    ck_assert_int_eq(state_number(&s, WXS_DB_REQUESTS,
                                  "SELECT count(*) FROM log WHERE id = 'r2'"),
                     1);
}
END_TEST

START_TEST(another_account_forgets_nothing)
{
    put_events();
    put_rest();
    finalize_all();
    erase("4, x'" MESSAGE "', NULL");
    THERE("Agent-of-Ann");
    THERE("to-ann");
    THERE(UUID);
    ck_assert_int_eq(
        state_number(&s, WXS_DB_COUNTS, "SELECT count(*) FROM message_counts"),
        5);
}
END_TEST

/* Texts that were erased are not taken for those of later events. */
START_TEST(the_store_goes_on_after_an_erasure)
{
    wxs_event own = event_of(1, "https://l.example/of-ann", "Agent-of-Ann/1");
    wxs_event again = event_of(3, "https://l.example/of-ann", "Agent-of-Ann/1");
    bool more = true;

    store_begin();
    store_put(&own, WXS_VERDICT_HUMAN);
    store_commit();
    state_exec(&s, WXS_DB_EVENTS,
               "INSERT INTO erasures (id, account, message, requested_at) "
               "VALUES ('e', 3, x'" MESSAGE "', 1)");
    while (more)
        OK(wxs_erase(s.dir, &more, &error));
    store_begin();
    store_put(&again, WXS_VERDICT_HUMAN);
    store_commit();
    ck_assert_int_eq(
        db_number(store.part.db,
                  "SELECT count(*) FROM event_rows WHERE id = 2 AND "
                  "link = 'https://l.example/of-ann' AND "
                  "agent = 'Agent-of-Ann/1'"),
        1);
    ck_assert_int_gt(
        db_number(store.part.db, "SELECT link FROM events WHERE id = 2"), 4);
}
END_TEST

#define MANY 4000

static void
many_id(uint64_t n, uint8_t id[16])
{
    uint64_t mixed = (n + 1) * UINT64_C(0x9e3779b97f4a7c15);

    memcpy(id, &mixed, 8);
    mixed *= UINT64_C(0xbf58476d1ce4e5b9);
    memcpy(id + 8, &mixed, 8);
}

/* Ids that are not in order of time make pages of the databases part, move and
 * meet again: each copy must go. */
START_TEST(nothing_is_left_among_many)
{
    static const char insert[] =
        "INSERT INTO messages (id, account, domain, created_at, recipients, "
        "mode) VALUES (?1, 3, 7, 1, '[\"a@b.example\"]', 3)";
    uint8_t id[16];

    for (int round = 0; round < 3; round++) {
        store_begin();
        for (uint64_t n = 0; n < MANY; n++) {
            wxs_event event = store_event(7, 1, (unsigned)(n % 4), 20 * DAY);
            sqlite3_stmt *row = wxs_db_prepare(store.events, insert, &error);

            many_id(n, event.message_id);
            if (round == 0) {
                sqlite3_bind_blob(row, 1, event.message_id, 16, SQLITE_STATIC);
                OK(wxs_db_run(store.events, row, &error));
            }
            store_put(&event, WXS_VERDICT_HUMAN);
        }
        store_commit();
        finalize_all();
    }
    for (uint64_t n = 0; n < MANY; n += MANY / 8) {
        char row[100], *hex;

        many_id(n, id);
        hex = row + snprintf(row, sizeof row, "3, x'");
        for (int i = 0; i < 16; i++)
            hex += snprintf(hex, 3, "%02x", id[i]);
        (void)strcpy(hex, "', NULL");
        ck_assert_str_ne(where(id, sizeof id), "");
        erase(row);
        state_exec(&s, WXS_DB_EVENTS, "UPDATE erasures SET id = number");
        ck_assert_str_eq(where(id, sizeof id), "");
    }
}
END_TEST

int
main(void)
{
    TCase *cases = tcase_create("erase");

    tcase_add_checked_fixture(cases, store_make, store_remove);
    tcase_add_test(cases, a_message_is_forgotten);
    tcase_add_test(cases, a_recipient_is_forgotten);
    tcase_add_test(cases, another_account_forgets_nothing);
    tcase_add_test(cases, the_store_goes_on_after_an_erasure);
    tcase_add_test(cases, nothing_is_left_among_many);
    return run_suite("erase", cases);
}
