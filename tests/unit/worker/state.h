#ifndef STATE_H
#define STATE_H

/* A state directory for a test, and tasks of the worker as processes that can
 * be killed. No connection to a database may be open across state_start():
 * SQLite does not survive a fork. */

#include <check.h>
#include <ftw.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "db.h"
#include "part_list.h"
#include "seal.h"
#include "worker.h"

typedef struct {
    char dir[64];
    char path[128]; /* of the last state_path() */
    wxs_config config;
} state;

typedef struct {
    pid_t pid;
    int stop_fd;
} task;

static inline const char *
state_path(state *s, const char *name)
{
    (void)snprintf(s->path, sizeof s->path, "%s/%s", s->dir, name);
    return s->path;
}

static inline void
state_make(state *s)
{
    wxs_error error = {""};

    (void)strcpy(s->dir, "/tmp/waxseal-worker-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(s->dir));
    ck_assert_msg(wxs_config_load(&s->config, s->dir, NULL, &error), "%s",
                  error.text);
    ck_assert_msg(wxs_seal_key_create(state_path(s, "master.key"), &error),
                  "%s", error.text);
    ck_assert_msg(wxs_seal_key_create(state_path(s, "link.key"), &error), "%s",
                  error.text);
    ck_assert_msg(wxs_seal_key_create(state_path(s, "webhook.key"), &error),
                  "%s", error.text);
    ck_assert_msg(wxs_db_migrate(s->dir, &error), "%s", error.text);
}

static inline int
state_remove_one(const char *path, const struct stat *st, int flag,
                 struct FTW *ftw)
{
    (void)st, (void)flag, (void)ftw;
    return remove(path);
}

static inline void
state_remove(state *s)
{
    ck_assert_int_eq(nftw(s->dir, state_remove_one, 8, FTW_DEPTH | FTW_PHYS),
                     0);
}

/* The newest partition of the events, once the collector has made one. */
static inline wxs_db *
state_open_part(state *s)
{
    wxs_error error = {""};
    wxs_db *db = NULL;
    wxs_part_list list = {NULL, 0};
    char path[WXS_PART_PATH];

    for (int i = 0; i < 2000 && list.count == 0; i++) {
        wxs_part_list_free(&list);
        usleep(i == 0 ? 0 : 10000);
        ck_assert_msg(wxs_part_list_read(&list, s->dir, &error), "%s",
                      error.text);
    }
    ck_assert_uint_gt(list.count, 0);
    ck_assert(
        wxs_part_path(s->dir, list.first_id[list.count - 1], path, &error));
    wxs_part_list_free(&list);
    ck_assert_msg(
        wxs_db_open_file(&db, path, WXS_DB_PART, WXS_DB_WRITE, &error), "%s",
        error.text);
    return db;
}

static inline wxs_db *
state_open(state *s, wxs_db_kind kind)
{
    wxs_error error = {""};
    wxs_db *db = NULL;

    if (kind == WXS_DB_PART)
        return state_open_part(s);
    ck_assert_msg(wxs_db_open(&db, s->dir, kind, WXS_DB_WRITE, &error), "%s",
                  error.text);
    return db;
}

/* Runs SQL on an open connection. */
static inline void
db_exec(wxs_db *db, const char *sql)
{
    char *message = NULL;

    sqlite3_exec(wxs_db_handle(db), sql, NULL, NULL, &message);
    ck_assert_msg(message == NULL, "%s: %s", sql, message);
}

/* The one number that the query gives. */
static inline int64_t
db_number(wxs_db *db, const char *sql)
{
    sqlite3_stmt *statement = NULL;
    int64_t number;

    ck_assert_msg(sqlite3_prepare_v2(wxs_db_handle(db), sql, -1, &statement,
                                     NULL) == SQLITE_OK,
                  "%s: %s", sql, sqlite3_errmsg(wxs_db_handle(db)));
    ck_assert_int_eq(sqlite3_step(statement), SQLITE_ROW);
    number = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return number;
}

static inline void
state_exec(state *s, wxs_db_kind kind, const char *sql)
{
    wxs_db *db = state_open(s, kind);

    db_exec(db, sql);
    wxs_db_close(db);
}

static inline int64_t
state_number(state *s, wxs_db_kind kind, const char *sql)
{
    wxs_db *db = state_open(s, kind);
    int64_t number = db_number(db, sql);

    wxs_db_close(db);
    return number;
}

/* Waits up to 20 s until the query gives the number. */
static inline void
state_await(state *s, wxs_db_kind kind, const char *sql, int64_t expected)
{
    int64_t end = wxs_monotonic_ms() + 20000, number = 0;
    wxs_db *db = state_open(s, kind);

    do {
        number = db_number(db, sql);
        if (number != expected)
            usleep(10000);
    } while (number != expected && wxs_monotonic_ms() < end);
    wxs_db_close(db);
    ck_assert_msg(number == expected, "%s: %" PRId64 ", not %" PRId64, sql,
                  number, expected);
}

static inline task
state_start(state *s, void (*run)(const wxs_worker *worker))
{
    task started = {.stop_fd = eventfd(0, EFD_CLOEXEC)};

    ck_assert_int_ge(started.stop_fd, 0);
    started.pid = fork();
    ck_assert_int_ge(started.pid, 0);
    if (started.pid == 0) {
        wxs_worker worker = {.config = &s->config, .stop_fd = started.stop_fd};

        prctl(PR_SET_PDEATHSIG, SIGKILL);
        run(&worker);
        _exit(0);
    }
    return started;
}

static inline void
task_kill(task *t)
{
    int status;

    ck_assert_int_eq(kill(t->pid, SIGKILL), 0);
    ck_assert_int_eq(waitpid(t->pid, &status, 0), t->pid);
    ck_assert_msg(WIFSIGNALED(status), "the task ended before it was killed");
    close(t->stop_fd);
}

/* Asks the task to stop, as TERM does. */
static inline void
task_stop(task *t)
{
    int status;

    ck_assert_int_eq(eventfd_write(t->stop_fd, 1), 0);
    ck_assert_int_eq(waitpid(t->pid, &status, 0), t->pid);
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0,
                  "the task did not stop in good order");
    close(t->stop_fd);
}

static inline int
run_suite(const char *name, TCase *cases)
{
    Suite *suite = suite_create(name);
    SRunner *runner;
    int failures;

    tcase_set_timeout(cases, 60);
    suite_add_tcase(suite, cases);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failures = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failures != 0;
}

#endif
