#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "../../../core/ticket_keys.h"
#include "clock.h"
#include "log.h"
#include "order.h"
#include "verify/check.h"
#include "worker.h"

/* Certificates of tracking hosts: threads that make orders, and beside them
 * what has to be done from time to time. */

#define POLL_MS         500  /* of hosts that are due */
#define RETRY_MS        5000 /* after control.db failed */
#define HOUSEKEEPING_MS 1000
#define TIDY_EVERY      3600 /* turns of housekeeping */
#define TICKETS_KEPT    3
#define TICKETS_S       (12 * 3600)
#define KEPT_US         INT64_C(86400000000) /* what was replaced */
#define DESKS_MAX       16

typedef struct {
    const wxs_worker *worker;
    wxs_order_desk desk;
    pthread_t thread;
    bool started;
} clerk;

typedef struct {
    const wxs_worker *worker;
    wxs_seal_key master;
    wxs_db *db;
    wxs_issued issued;
    char tickets[512];
    wxs_order_office office;
    clerk clerks[DESKS_MAX];
} certs;

/* ---- threads that make orders ---- */

/* Keeps at it until something is written: else the host would wait for ever. */
static void
give_up(clerk *c, const wxs_order *order, const wxs_error *reason)
{
    wxs_error error;

    wxs_log(WXS_LOG_ERROR, "a certificate could not be stored", "host",
            order->host, "reason", reason->text, NULL);
    while (wxs_worker_sleep(c->worker, RETRY_MS) &&
           !wxs_order_give_up(&c->desk, order, reason, &error))
        wxs_log(WXS_LOG_ERROR, "orders cannot use the database", "reason",
                error.text, NULL);
}

static void
view_office(wxs_order_office *office, wxs_orders_view *view,
            char message[WXS_ACME_MESSAGE_TEXT])
{
    (void)pthread_mutex_lock(&office->lock);
    *view = (wxs_orders_view){.config = office->config,
                              .suffixes = office->suffixes,
                              .blocked_until = office->blocked_until,
                              .blocked_message = message};
    (void)snprintf(message, WXS_ACME_MESSAGE_TEXT, "%s",
                   office->blocked_message);
    (void)pthread_mutex_unlock(&office->lock);
}

/* How long to wait before the next turn, in ms. */
static int
serve(clerk *c)
{
    char message[WXS_ACME_MESSAGE_TEXT];
    wxs_orders_view view;
    wxs_order order;
    bool taken, more;
    wxs_error error;

    view_office(c->desk.office, &view, message);
    if (!wxs_hosts_take(c->desk.db, &view, wxs_now_us(), &order, &taken, &more,
                        &error)) {
        wxs_log(WXS_LOG_ERROR, "orders cannot use the database", "reason",
                error.text, NULL);
        return RETRY_MS;
    }
    if (taken && !wxs_order_make(&c->desk, &order, &error))
        give_up(c, &order, &error);
    return taken || more ? 0 : POLL_MS;
}

static void *
run_clerk(void *data)
{
    clerk *c = data;
    int wait = 0;

    (void)pthread_setname_np(pthread_self(), "certs-order");
    while (wxs_worker_sleep(c->worker, wait))
        wait = serve(c);
    return NULL;
}

static bool
start_clerk(certs *all, int number, wxs_error *error)
{
    clerk *c = &all->clerks[number];
    const wxs_config *config = all->worker->config;

    c->worker = all->worker;
    c->desk = (wxs_order_desk){.office = &all->office, .number = number};
    if (!wxs_db_open(&c->desk.db, config->dir, WXS_DB_CONTROL, WXS_DB_WRITE,
                     error) ||
        !wxs_issued_open(&c->desk.issued, config, c->desk.db, &all->master,
                         error))
        return false;
    c->desk.lookup = wxs_lookup_new(config, error);
    if (c->desk.lookup == NULL)
        return false;
    if (pthread_create(&c->thread, NULL, run_clerk, c) != 0)
        return wxs_fail(error, "cannot start a thread for orders");
    c->started = true;
    return true;
}

static void
stop_clerks(certs *all)
{
    for (int i = 0; i < DESKS_MAX; i++) {
        clerk *c = &all->clerks[i];

        if (c->started)
            (void)pthread_join(c->thread, NULL);
        wxs_lookup_free(c->desk.lookup);
        wxs_db_close(c->desk.db);
    }
}

/* ---- the start ---- */

/* The thumbprint is where nginx looks before the first order is made. */
static bool
open_office(certs *all, wxs_error *error)
{
    const wxs_config *config = all->worker->config;
    wxs_order_office *office = &all->office;
    char key[512], thumbprint[512];

    office->config = config;
    if (pthread_mutex_init(&office->lock, NULL) != 0 ||
        !wxs_config_path(config, "acme", key, sizeof key) ||
        !wxs_config_path(config, "certs/thumbprint", thumbprint,
                         sizeof thumbprint))
        return wxs_fail(error, "the path of %s is too long", config->dir);
    if (!wxs_account_prepare(key, error) ||
        !wxs_acme_open(&office->client, config, all->worker->stop_fd, error))
        return false;
    (void)wxs_config_path(config, "acme/private/key.pem", key, sizeof key);
    if (!wxs_account_thumbprint(key, office->thumbprint, error) ||
        !wxs_account_publish(thumbprint, office->thumbprint, error))
        return false;
    wxs_checker_authority(config, office->authority);
    office->suffixes = psl_latest(NULL);
    return wxs_hosts_resume(all->db, error);
}

static bool
is_managed(const wxs_config *config)
{
    if (config->acme.directory[0] == '\0') {
        wxs_log(WXS_LOG_INFO,
                "certificates are not managed: acme.directory is empty", NULL);
        return false;
    }
    if (!config->acme.accept_terms) {
        wxs_log(WXS_LOG_WARN,
                "no certificate is ordered: acme.accept_terms must be yes, "
                "which accepts the terms of service of the certification "
                "authority",
                "directory", config->acme.directory, NULL);
        return false;
    }
    return true;
}

static bool
start(certs *all, wxs_error *error)
{
    const wxs_config *config = all->worker->config;
    char path[512];
    size_t restored;

    if (!wxs_config_path(config, "master.key", path, sizeof path) ||
        !wxs_config_path(config, "certs/tickets", all->tickets,
                         sizeof all->tickets))
        return wxs_fail(error, "the path of %s is too long", config->dir);
    if (!wxs_seal_key_load(&all->master, path, error) ||
        !wxs_db_open(&all->db, config->dir, WXS_DB_CONTROL, WXS_DB_WRITE,
                     error) ||
        !wxs_issued_open(&all->issued, config, all->db, &all->master, error) ||
        !wxs_issued_prepare(&all->issued, error) ||
        !wxs_issued_restore(&all->issued, &restored, error))
        return false;
    if (restored > 0) {
        (void)snprintf(path, sizeof path, "%zu", restored);
        wxs_log(WXS_LOG_INFO, "files of certificates restored", "count", path,
                NULL);
    }
    if (!is_managed(config))
        return true;
    if (!open_office(all, error)) {
        /* no reason to stop what else the worker does */
        wxs_log(WXS_LOG_ERROR, "no certificate is ordered", "reason",
                error->text, NULL);
        return true;
    }
    for (int i = 0; i < config->acme.parallel; i++)
        if (!start_clerk(all, i, error))
            return false;
    return true;
}

/* ---- from time to time ---- */

static void
rotate_tickets(const certs *all)
{
    struct stat file;
    int64_t age = TICKETS_S;
    wxs_status status;

    if (stat(all->tickets, &file) == 0)
        age = wxs_now_us() / 1000000 - (int64_t)file.st_mtime;
    if (age < TICKETS_S && age > -TICKETS_S)
        return;
    status = wxs_ticket_keys_rotate(all->tickets, TICKETS_KEPT);
    if (status != WXS_OK)
        wxs_log(WXS_LOG_ERROR, "cannot rotate the keys of session tickets",
                "file", all->tickets, "reason", wxs_status_text(status), NULL);
}

static bool
tidy_limits(wxs_db *db, wxs_error *error)
{
    if (!wxs_db_begin(db, error))
        return false;
    if (wxs_limits_tidy(db, wxs_now_us(), error) && wxs_db_commit(db, error))
        return true;
    wxs_db_rollback(db);
    return false;
}

static void
housekeep(const certs *all, int turn)
{
    wxs_error error;
    int expired = 0;
    bool ok = wxs_hosts_expire(all->db, wxs_now_us(), &expired, &error);

    if (ok && turn % TIDY_EVERY == 0)
        ok = wxs_issued_forget(&all->issued, wxs_now_us() - KEPT_US, &error) &&
             tidy_limits(all->db, &error);
    if (!ok)
        wxs_log(WXS_LOG_ERROR, "certificates cannot be looked after", "reason",
                error.text, NULL);
    rotate_tickets(all);
}

void
wxs_certs_run(const wxs_worker *worker)
{
    static certs all; /* there is one, and its threads use it to the end */
    wxs_error error;

    all = (certs){.worker = worker};
    if (!start(&all, &error))
        wxs_worker_fatal("certs", &error);
    for (int turn = 0;; turn++) {
        housekeep(&all, turn);
        if (!wxs_worker_sleep(worker, HOUSEKEEPING_MS))
            break;
    }
    stop_clerks(&all);
    wxs_db_close(all.db);
    psl_free(all.office.suffixes);
    wxs_seal_key_clear(&all.master);
}
