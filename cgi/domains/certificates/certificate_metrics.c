#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "../routes.h"
#include "../sql.h"
#include "clock.h"

/* Figures in the text format of Prometheus. */

typedef struct {
    FILE *out;
    char *text;
    size_t len;
} page;

static int64_t
number(wxs_db *db, const char *sql, int64_t now, bool *ok, wxs_error *error)
{
    sqlite3_stmt *row = wxs_sql(db, error, sql, "i", now);
    int64_t value = 0;

    if (row == NULL || wxs_db_step(db, row, error) != 1)
        *ok = false;
    else
        value = sqlite3_column_int64(row, 0);
    wxs_db_done(row);
    return value;
}

static bool
write_states(wxs_db *db, FILE *out, wxs_error *error)
{
    sqlite3_stmt *row = wxs_sql(
        db, error,
        "WITH words (state) AS (VALUES ('waiting'), ('queued'), ('issuing'), "
        "('caa_forbids'), ('failing'), ('issued'), ('stopped')) "
        "SELECT w.state, count(h.host) FROM words w "
        "LEFT JOIN certificate_hosts h ON h.state = w.state GROUP BY w.state",
        "");
    int more = -1;

    (void)fputs("# HELP waxseal_certificate_hosts Tracking hosts by what is "
                "done about their certificate.\n"
                "# TYPE waxseal_certificate_hosts gauge\n",
                out);
    while (row != NULL && (more = wxs_db_step(db, row, error)) == 1)
        (void)fprintf(out,
                      "waxseal_certificate_hosts{state=\"%s\"} %" PRId64 "\n",
                      (const char *)sqlite3_column_text(row, 0),
                      (int64_t)sqlite3_column_int64(row, 1));
    wxs_db_done(row);
    return more == 0;
}

static bool
write_figures(wxs_db *db, FILE *out, wxs_error *error)
{
    static const struct {
        const char *name;
        const char *help;
        const char *sql; /* its parameter is the present time */
    } figures[] = {
        {"waxseal_certificates_served", "Certificates that are served.",
         "SELECT count(*) FROM certificate_hosts "
         "WHERE generation IS NOT NULL AND ?1"},
        {"waxseal_certificate_renewals_failing",
         "Served certificates whose renewal fails or waits although it is due.",
         "SELECT count(*) FROM certificate_hosts WHERE generation IS NOT NULL "
         "AND renew_at < ?1 AND state <> 'issued'"},
        {"waxseal_certificate_next_expiry_seconds",
         "Seconds until the first served certificate expires, 0 = there is "
         "none.",
         "SELECT coalesce(max(0, min(expires_at) - ?1) / 1000000, 0) "
         "FROM certificate_hosts WHERE generation IS NOT NULL"},
        {"waxseal_certificate_last_issued_seconds",
         "When the last certificate was issued, as seconds since 1970, 0 = "
         "never.",
         "SELECT coalesce(max(issued_at), 0) / 1000000 FROM certificates "
         "WHERE ?1"},
    };
    int64_t now = wxs_now_us();
    bool ok = true;

    for (size_t i = 0; ok && i < sizeof(figures) / sizeof(figures[0]); i++)
        (void)fprintf(out, "# HELP %s %s\n# TYPE %s gauge\n%s %" PRId64 "\n",
                      figures[i].name, figures[i].help, figures[i].name,
                      figures[i].name,
                      number(db, figures[i].sql, now, &ok, error));
    return ok;
}

void
wxs_certificates_metrics(wxs_context *context, const wxs_request *request,
                         wxs_response *response)
{
    page p = {.text = NULL};
    wxs_error error = {"out of memory"};
    bool ok = false;

    p.out = open_memstream(&p.text, &p.len);
    if (p.out != NULL) {
        ok = write_states(context->control, p.out, &error) &&
             write_figures(context->control, p.out, &error);
        ok = fclose(p.out) == 0 && ok;
    }
    if (!ok) {
        free(p.text);
        wxs_answer_internal(response, request, &error);
        return;
    }
    response->status = 200;
    response->content_type = "text/plain; version=0.0.4; charset=utf-8";
    response->text = p.text;
    response->text_len = p.len;
}
