#include "hosts.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "host_history.h"
#include "renewal.h"

#define AT_ONCE 64 /* hosts that one transaction looks at */

/* A row that is due. */
typedef struct {
    wxs_order order;
    char state[16];
    int64_t renew_at;
    int64_t retry_at;
    bool wanted;  /* a live domain's record of this host is verified */
    bool deleted; /* all its domains are */
} due_host;

/* ---- reading ---- */

static void
read_host(sqlite3_stmt *row, due_host *due)
{
    const char *host = (const char *)sqlite3_column_text(row, 0);
    const char *state = (const char *)sqlite3_column_text(row, 1);

    *due = (due_host){
        .order = {.generation = sqlite3_column_int64(row, 2),
                  .attempts = sqlite3_column_int(row, 5),
                  .failing_since = sqlite3_column_int64(row, 6),
                  .is_first = sqlite3_column_int(row, 8) == 0,
                  .forced = sqlite3_column_int(row, 7) != 0},
        .renew_at = sqlite3_column_int64(row, 3),
        .retry_at = sqlite3_column_int64(row, 4),
        .wanted = sqlite3_column_int(row, 9) != 0,
        .deleted = sqlite3_column_int(row, 10) != 0,
    };
    (void)snprintf(due->order.host, sizeof due->order.host, "%s",
                   host == NULL ? "" : host);
    (void)snprintf(due->state, sizeof due->state, "%s",
                   state == NULL ? "" : state);
}

/* 1 a host, 0 none is due, -1 error filled. */
static int
next_due(wxs_db *db, int64_t now, due_host *due, wxs_error *error)
{
    static const char sql[] =
        "SELECT h.host, h.state, h.generation, h.renew_at, h.retry_at, "
        "h.attempts, h.failing_since, h.forced, "
        "EXISTS (SELECT 1 FROM certificates c WHERE c.host = h.host), "
        "EXISTS (SELECT 1 FROM tracking_hosts t "
        "JOIN domains d ON d.number = t.domain AND d.deleted_at IS NULL "
        "JOIN records r ON r.domain = d.number AND r.tracking_host = t.number "
        "WHERE t.host = h.host AND t.verified_at IS NOT NULL "
        "AND t.cdn_at IS NULL AND r.kind = 'tracking' AND r.status = "
        "'verified'), "
        "NOT EXISTS (SELECT 1 FROM tracking_hosts t "
        "JOIN domains d ON d.number = t.domain AND d.deleted_at IS NULL "
        "WHERE t.host = h.host) "
        "FROM certificate_hosts h WHERE h.next_at <= ?1 "
        "AND h.state <> 'issuing' ORDER BY h.next_at LIMIT 1";
    sqlite3_stmt *row = wxs_db_prepare(db, sql, error);
    int found;

    if (row == NULL)
        return -1;
    sqlite3_bind_int64(row, 1, now);
    found = wxs_db_step(db, row, error);
    if (found == 1)
        read_host(row, due);
    wxs_db_done(row);
    return found;
}

/* ---- writing ---- */

static void
bind_text(sqlite3_stmt *statement, int index, const char *text)
{
    if (text == NULL)
        sqlite3_bind_null(statement, index);
    else
        sqlite3_bind_text(statement, index, text, -1, SQLITE_STATIC);
}

static void
bind_time(sqlite3_stmt *statement, int index, int64_t us)
{
    if (us == 0)
        sqlite3_bind_null(statement, index);
    else
        sqlite3_bind_int64(statement, index, us);
}

/* A host that is not ordered for now; next_at 0 = until something changes. */
static bool
rest(wxs_db *db, const char *host, const char *state, const char *code,
     const char *message, int64_t next_at, wxs_error *error)
{
    static const char sql[] =
        "UPDATE certificate_hosts SET state = ?2, code = ?3, message = ?4, "
        "next_at = ?5, failing_since = CASE WHEN ?2 IN ('issued', 'waiting', "
        "'stopped') THEN NULL ELSE failing_since END WHERE host = ?1";
    sqlite3_stmt *update = wxs_db_prepare(db, sql, error);

    if (update == NULL)
        return false;
    bind_text(update, 1, host);
    bind_text(update, 2, state);
    bind_text(update, 3, code);
    bind_text(update, 4, message);
    bind_time(update, 5, next_at);
    return wxs_db_run(db, update, error);
}

static bool
postpone(wxs_db *db, const due_host *due, wxs_error *error)
{
    static const char sql[] =
        "UPDATE certificate_hosts SET next_at = retry_at, state = CASE "
        "WHEN state IN ('queued', 'caa_forbids', 'failing') THEN state "
        "ELSE 'queued' END WHERE host = ?1";
    sqlite3_stmt *update = wxs_db_prepare(db, sql, error);

    if (update == NULL)
        return false;
    bind_text(update, 1, due->order.host);
    return wxs_db_run(db, update, error);
}

/* No tracking record that is right asks for a certificate. */
static bool
stop(wxs_db *db, const due_host *due, int64_t now, wxs_error *error)
{
    const char *code = due->deleted ? "domain_deleted" : "cname_gone";
    const char *message =
        due->deleted
            ? "The domain was deleted: its certificate is not renewed."
            : "The CNAME record no longer leads here: the certificate is not "
              "renewed until it does.";

    if (due->order.generation == 0)
        return rest(db, due->order.host, "waiting", NULL, NULL, 0, error);
    return rest(db, due->order.host, "stopped", code, message, 0, error) &&
           (strcmp(due->state, "stopped") == 0 ||
            wxs_host_history(db, due->order.host, "certificate_stopped", code,
                             message, now, error));
}

/* The hosts that wait for the account's limit form a queue, each with the time
 * of its turn. */
static bool
queue_end(wxs_db *db, const wxs_config *config, int64_t first, int64_t *turn,
          wxs_error *error)
{
    static const char sql[] = "SELECT max(next_at) FROM certificate_hosts "
                              "INDEXED BY certificate_hosts_queue "
                              "WHERE code = 'limit_orders'";
    sqlite3_stmt *row = wxs_db_prepare(db, sql, error);
    const wxs_quota *rate = &config->acme.order_limit;
    int found;

    if (row == NULL)
        return false;
    found = wxs_db_step(db, row, error);
    *turn = sqlite3_column_int64(row, 0) + rate->per_ms * 1000 / rate->count;
    wxs_db_done(row);
    if (*turn < first)
        *turn = first;
    return found == 1;
}

static bool
wait_for_limit(wxs_db *db, const wxs_config *config, const due_host *due,
               wxs_limit limit, int64_t until, wxs_error *error)
{
    static const char *const codes[] = {[WXS_LIMIT_ORDERS] = "limit_orders",
                                        [WXS_LIMIT_DOMAIN] = "limit_domain",
                                        [WXS_LIMIT_FAILURES] =
                                            "limit_failures"};
    static const char *const messages[] = {
        [WXS_LIMIT_ORDERS] = "The account has used up the orders that the "
                             "certification authority allows for now.",
        [WXS_LIMIT_DOMAIN] = "The registered domain has used up the "
                             "certificates that the certification authority "
                             "allows for now.",
        [WXS_LIMIT_FAILURES] = "Validation of this host has failed too often "
                               "in the last hour."};

    return (limit != WXS_LIMIT_ORDERS ||
            queue_end(db, config, until, &until, error)) &&
           rest(db, due->order.host, "queued", codes[limit], messages[limit],
                until, error);
}

static bool
mark_issuing(wxs_db *db, const char *host, wxs_error *error)
{
    static const char sql[] = "UPDATE certificate_hosts SET state = 'issuing', "
                              "next_at = NULL WHERE host = ?1";
    sqlite3_stmt *update = wxs_db_prepare(db, sql, error);

    if (update == NULL)
        return false;
    bind_text(update, 1, host);
    return wxs_db_run(db, update, error);
}

/* ---- a look at a host ---- */

static bool
order_now(wxs_db *db, const wxs_orders_view *view, const due_host *due,
          int64_t now, bool *taken, wxs_error *error)
{
    const wxs_limit_subject subject = {
        .host = due->order.host,
        .registered = wxs_limit_registered(view->suffixes, due->order.host),
        .is_first = due->order.is_first};
    wxs_limit hit;
    int64_t until = 0;

    if (view->blocked_until > now && !due->order.forced)
        return rest(db, due->order.host, "queued", "ca_unreachable",
                    view->blocked_message, view->blocked_until, error);
    if (!wxs_limits_take(db, view->config, &subject, now, &hit, &until, error))
        return false;
    if (hit != WXS_LIMIT_NONE)
        return wait_for_limit(db, view->config, due, hit, until, error);
    *taken = true;
    return mark_issuing(db, due->order.host, error);
}

static bool
look(wxs_db *db, const wxs_orders_view *view, const due_host *due, int64_t now,
     bool *taken, wxs_error *error)
{
    if (!due->wanted)
        return stop(db, due, now, error);
    if (due->order.generation != 0 && !due->order.forced && due->renew_at > now)
        return rest(db, due->order.host, "issued", NULL, NULL, due->renew_at,
                    error);
    if (due->retry_at > now && !due->order.forced)
        return postpone(db, due, error);
    return order_now(db, view, due, now, taken, error);
}

bool
wxs_hosts_resume(wxs_db *db, wxs_error *error)
{
    static const char sql[] =
        "UPDATE certificate_hosts SET state = 'queued', next_at = 0 "
        "WHERE state = 'issuing'";
    sqlite3_stmt *update = wxs_db_prepare(db, sql, error);

    return update != NULL && wxs_db_run(db, update, error);
}

bool
wxs_hosts_take(wxs_db *db, const wxs_orders_view *view, int64_t now,
               wxs_order *order, bool *taken, bool *more, wxs_error *error)
{
    due_host due;
    int found = next_due(db, now, &due, error);

    *taken = *more = false;
    if (found != 1)
        return found == 0; /* the usual case needs no transaction */
    if (!wxs_db_begin(db, error))
        return false;
    for (int i = 0; i < AT_ONCE && !*taken && found == 1; i++) {
        found = next_due(db, now, &due, error);
        if (found == 1 && !look(db, view, &due, now, taken, error))
            found = -1;
    }
    *order = due.order;
    *more = found == 1;
    if (found >= 0 && wxs_db_commit(db, error))
        return true;
    wxs_db_rollback(db);
    return false;
}

/* ---- the end of an order ---- */

static uint32_t
chance(void)
{
    uint32_t number = 0;

    /* only spreads hosts over time; a failure means no spread */
    (void)!getrandom(&number, sizeof number, 0);
    return number;
}

bool
wxs_hosts_ended(wxs_db *db, const wxs_order *order, const wxs_order_end *end,
                int64_t now, wxs_error *error)
{
    static const char sql[] =
        "UPDATE certificate_hosts SET state = ?2, code = ?3, message = ?4, "
        "next_at = coalesce(next_at, ?5), retry_at = ?5, attempts = ?6, "
        "failing_since = coalesce(failing_since, ?7), forced = 0 "
        "WHERE host = ?1";
    int attempts = order->attempts + (end->counts ? 1 : 0);
    int64_t next = end->next_at;
    sqlite3_stmt *update = wxs_db_prepare(db, sql, error);

    if (update == NULL)
        return false;
    if (next == 0)
        next = now + wxs_renewal_pause(attempts, chance());
    bind_text(update, 1, order->host);
    bind_text(update, 2, end->state);
    bind_text(update, 3, end->code);
    bind_text(update, 4, end->message);
    sqlite3_bind_int64(update, 5, next);
    sqlite3_bind_int(update, 6, attempts);
    sqlite3_bind_int64(update, 7, now);
    return wxs_db_run(db, update, error) &&
           (order->failing_since != 0 ||
            wxs_host_history(db, order->host, "certificate_failing", end->code,
                             end->message, now, error));
}

bool
wxs_hosts_issued(wxs_db *db, const wxs_order *order, int64_t generation,
                 int64_t expires_at, int64_t renew_at, int64_t now,
                 wxs_error *error)
{
    static const char sql[] =
        "UPDATE certificate_hosts SET state = 'issued', code = NULL, "
        "message = NULL, generation = ?2, expires_at = ?3, renew_at = ?4, "
        "next_at = coalesce(next_at, ?4), retry_at = 0, attempts = 0, "
        "failing_since = NULL, forced = 0 WHERE host = ?1";
    sqlite3_stmt *update = wxs_db_prepare(db, sql, error);

    if (update == NULL)
        return false;
    bind_text(update, 1, order->host);
    sqlite3_bind_int64(update, 2, generation);
    sqlite3_bind_int64(update, 3, expires_at);
    sqlite3_bind_int64(update, 4, renew_at);
    return wxs_db_run(db, update, error) &&
           wxs_host_history(db, order->host, "certificate_issued", NULL, NULL,
                            now, error);
}

bool
wxs_hosts_wake(wxs_db *db, wxs_error *error)
{
    static const char sql[] = "UPDATE certificate_hosts SET next_at = 0, "
                              "retry_at = 0 WHERE code = 'ca_unreachable' "
                              "AND next_at IS NOT NULL";
    sqlite3_stmt *update = wxs_db_prepare(db, sql, error);

    return update != NULL && wxs_db_run(db, update, error);
}

/* ---- expiry ---- */

static bool
expire_one(wxs_db *db, const char *host, int64_t now, wxs_error *error)
{
    static const char replace[] =
        "UPDATE certificates SET replaced_at = ?2 WHERE host = ?1 "
        "AND replaced_at IS NULL";
    static const char withdraw[] =
        "UPDATE certificate_hosts SET generation = NULL, expires_at = NULL, "
        "renew_at = NULL, next_at = coalesce(next_at, 0) WHERE host = ?1";
    sqlite3_stmt *update = wxs_db_prepare(db, replace, error);

    if (update == NULL)
        return false;
    bind_text(update, 1, host);
    sqlite3_bind_int64(update, 2, now);
    if (!wxs_db_run(db, update, error) ||
        (update = wxs_db_prepare(db, withdraw, error)) == NULL)
        return false;
    bind_text(update, 1, host);
    return wxs_db_run(db, update, error) &&
           wxs_host_history(db, host, "certificate_expired", NULL,
                            "The certificate has expired: the host is served "
                            "over http only.",
                            now, error);
}

/* 1 a host, 0 none, -1 error filled. */
static int
next_expired(wxs_db *db, int64_t now, char host[254], wxs_error *error)
{
    static const char sql[] = "SELECT host FROM certificate_hosts "
                              "WHERE generation IS NOT NULL "
                              "AND expires_at <= ?1 LIMIT 1";
    sqlite3_stmt *row = wxs_db_prepare(db, sql, error);
    int found;

    if (row == NULL)
        return -1;
    sqlite3_bind_int64(row, 1, now);
    found = wxs_db_step(db, row, error);
    if (found == 1)
        (void)snprintf(host, 254, "%s",
                       (const char *)sqlite3_column_text(row, 0));
    wxs_db_done(row);
    return found;
}

bool
wxs_hosts_expire(wxs_db *db, int64_t now, int *count, wxs_error *error)
{
    char host[254];
    int found = next_expired(db, now, host, error);

    *count = 0;
    if (found != 1)
        return found == 0; /* the usual case needs no transaction */
    if (!wxs_db_begin(db, error))
        return false;
    while (*count < AT_ONCE &&
           (found = next_expired(db, now, host, error)) == 1 &&
           (expire_one(db, host, now, error) || (found = -1) == 0))
        ++*count;
    if (found >= 0 && wxs_db_commit(db, error))
        return true;
    wxs_db_rollback(db);
    return false;
}
