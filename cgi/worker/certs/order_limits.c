#include "order_limits.h"

#include <stdio.h>
#include <string.h>

#define BUCKET_MAX 300

/* A bucket and what it is worth. Its content is kept as the time at which it
 * would be full again, which a token puts off by step. */
typedef struct {
    char name[BUCKET_MAX];
    int64_t span; /* microseconds from empty to full */
    int64_t step;
    int64_t full_at;
    int64_t now;
} bucket;

static bool
bucket_open(wxs_db *db, bucket *b, const char *kind, const char *of,
            const wxs_quota *rate, int64_t now, wxs_error *error)
{
    static const char sql[] =
        "SELECT full_at FROM certificate_limits WHERE bucket = ?1";
    sqlite3_stmt *row = wxs_db_prepare(db, sql, error);
    int found;

    if (row == NULL)
        return false;
    (void)snprintf(b->name, sizeof b->name, "%s%s", kind, of);
    b->span = rate->per_ms * 1000;
    b->step = b->span / rate->count;
    b->now = now;
    sqlite3_bind_text(row, 1, b->name, -1, SQLITE_STATIC);
    found = wxs_db_step(db, row, error);
    b->full_at = found == 1 ? sqlite3_column_int64(row, 0) : now;
    wxs_db_done(row);
    if (b->full_at < now)
        b->full_at = now;
    if (b->full_at > now + 2 * b->span) /* the clock was put back */
        b->full_at = now + 2 * b->span;
    return found >= 0;
}

/* From when on a token can be taken: now or earlier if there is one. */
static int64_t
bucket_ready(const bucket *b)
{
    return b->full_at + b->step - b->span;
}

static bool
bucket_save(wxs_db *db, const bucket *b, wxs_error *error)
{
    static const char sql[] =
        "INSERT INTO certificate_limits (bucket, full_at) VALUES (?1, ?2) "
        "ON CONFLICT (bucket) DO UPDATE SET full_at = excluded.full_at";
    sqlite3_stmt *put = wxs_db_prepare(db, sql, error);

    if (put == NULL)
        return false;
    sqlite3_bind_text(put, 1, b->name, -1, SQLITE_STATIC);
    sqlite3_bind_int64(put, 2, b->full_at);
    return wxs_db_run(db, put, error);
}

static bool
bucket_take(wxs_db *db, bucket *b, int64_t tokens, wxs_error *error)
{
    b->full_at += tokens * b->step;
    return bucket_save(db, b, error);
}

static bool
open_orders(wxs_db *db, const wxs_config *config, int64_t now, bucket *b,
            wxs_error *error)
{
    return bucket_open(db, b, "orders", "", &config->acme.order_limit, now,
                       error);
}

static bool
open_domain(wxs_db *db, const wxs_config *config,
            const wxs_limit_subject *subject, int64_t now, bucket *b,
            wxs_error *error)
{
    return bucket_open(db, b, "domain:", subject->registered,
                       &config->acme.domain_limit, now, error);
}

static bool
open_failures(wxs_db *db, const wxs_config *config,
              const wxs_limit_subject *subject, int64_t now, bucket *b,
              wxs_error *error)
{
    return bucket_open(db, b, "failures:", subject->host,
                       &config->acme.failure_limit, now, error);
}

const char *
wxs_limit_registered(const psl_ctx_t *suffixes, const char *host)
{
    const char *name =
        suffixes == NULL ? NULL : psl_registrable_domain(suffixes, host);

    return name == NULL ? host : name;
}

bool
wxs_limits_take(wxs_db *db, const wxs_config *config,
                const wxs_limit_subject *subject, int64_t now, wxs_limit *hit,
                int64_t *until, wxs_error *error)
{
    bucket orders, domain, failures;

    *hit = WXS_LIMIT_NONE;
    if (!open_orders(db, config, now, &orders, error) ||
        !open_domain(db, config, subject, now, &domain, error) ||
        !open_failures(db, config, subject, now, &failures, error))
        return false;
    const struct {
        wxs_limit limit;
        const bucket *bucket;
    } needed[] = {{WXS_LIMIT_FAILURES, &failures},
                  {WXS_LIMIT_ORDERS, &orders},
                  {WXS_LIMIT_DOMAIN, &domain}};
    const size_t count = subject->is_first ? 3 : 2;

    for (size_t i = 0; i < count; i++) {
        int64_t ready = bucket_ready(needed[i].bucket);

        if (ready > now && (*hit == WXS_LIMIT_NONE || ready > *until)) {
            *hit = needed[i].limit;
            *until = ready;
        }
    }
    return *hit != WXS_LIMIT_NONE ||
           (bucket_take(db, &orders, 1, error) &&
            (!subject->is_first || bucket_take(db, &domain, 1, error)));
}

bool
wxs_limits_return(wxs_db *db, const wxs_config *config,
                  const wxs_limit_subject *subject, int64_t now,
                  wxs_error *error)
{
    bucket orders;

    return open_orders(db, config, now, &orders, error) &&
           bucket_take(db, &orders, -1, error) &&
           wxs_limits_failed(db, config, subject, false, now, error);
}

bool
wxs_limits_failed(wxs_db *db, const wxs_config *config,
                  const wxs_limit_subject *subject, bool validation,
                  int64_t now, wxs_error *error)
{
    bucket domain, failures;

    return (!subject->is_first ||
            (open_domain(db, config, subject, now, &domain, error) &&
             bucket_take(db, &domain, -1, error))) &&
           (!validation ||
            (open_failures(db, config, subject, now, &failures, error) &&
             bucket_take(db, &failures, 1, error)));
}

bool
wxs_limits_exhaust(wxs_db *db, const wxs_config *config, int64_t until,
                   wxs_error *error)
{
    bucket orders;

    if (!open_orders(db, config, until, &orders, error))
        return false;
    if (bucket_ready(&orders) > until)
        return true;
    orders.full_at = until + orders.span - orders.step;
    return bucket_save(db, &orders, error);
}

bool
wxs_limits_orders(wxs_db *db, const wxs_config *config, int64_t now,
                  int64_t *orders, wxs_error *error)
{
    bucket b;

    if (!open_orders(db, config, now, &b, error))
        return false;
    *orders = (b.now + b.span - b.full_at) / b.step;
    if (*orders < 0)
        *orders = 0;
    return true;
}

bool
wxs_limits_tidy(wxs_db *db, int64_t now, wxs_error *error)
{
    static const char sql[] =
        "DELETE FROM certificate_limits WHERE full_at <= ?1";
    sqlite3_stmt *statement = wxs_db_prepare(db, sql, error);

    if (statement == NULL)
        return false;
    sqlite3_bind_int64(statement, 1, now);
    return wxs_db_run(db, statement, error);
}
