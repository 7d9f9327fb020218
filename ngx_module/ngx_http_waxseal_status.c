
#include "ngx_http_waxseal.h"
#include "journal_mark.h"


#define NGX_HTTP_WAXSEAL_STATUS_SIZE  16384


typedef struct {
    char        *name;
    char        *type;
    char        *help;
    uint64_t     value;
} ngx_http_waxseal_metric_t;


static u_char *ngx_http_waxseal_status_requests(u_char *p, u_char *last,
    ngx_http_waxseal_counters_t *sum);
static u_char *ngx_http_waxseal_status_metrics(u_char *p, u_char *last,
    ngx_http_waxseal_counters_t *sum, wxs_table_info *info);
static u_char *ngx_http_waxseal_status_lag(u_char *p, u_char *last,
    ngx_http_waxseal_main_conf_t *wmcf, ngx_log_t *log);


static ngx_str_t  ngx_http_waxseal_prometheus =
    ngx_string("text/plain; version=0.0.4");


ngx_int_t
ngx_http_waxseal_status_handler(ngx_http_request_t *r)
{
    ngx_int_t                      rc;
    ngx_buf_t                     *b;
    wxs_table_info                 info;
    const wxs_table               *table;
    ngx_http_waxseal_counters_t    sum;
    ngx_http_waxseal_main_conf_t  *wmcf;

    if (!(r->method & (NGX_HTTP_GET|NGX_HTTP_HEAD))) {
        return NGX_HTTP_NOT_ALLOWED;
    }

    rc = ngx_http_discard_request_body(r);
    if (rc != NGX_OK) {
        return rc;
    }

    b = ngx_create_temp_buf(r->pool, NGX_HTTP_WAXSEAL_STATUS_SIZE
                                     + ngx_http_waxseal_status_workers_size());
    if (b == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    wmcf = ngx_http_get_module_main_conf(r, ngx_http_waxseal_module);

    ngx_memzero(&info, sizeof(wxs_table_info));

    table = ngx_http_waxseal_table(wmcf, r->connection->log);
    if (table) {
        wxs_table_get_info(table, &info);
    }

    ngx_http_waxseal_metrics_sum(&sum);

    b->last = ngx_http_waxseal_status_requests(b->last, b->end, &sum);
    b->last = ngx_http_waxseal_status_metrics(b->last, b->end, &sum, &info);
    b->last = ngx_http_waxseal_status_lag(b->last, b->end, wmcf,
                                          r->connection->log);
    b->last = ngx_http_waxseal_status_workers(b->last, b->end);

    return ngx_http_waxseal_send_text(r, NGX_HTTP_OK,
                                      &ngx_http_waxseal_prometheus, b);
}


static u_char *
ngx_http_waxseal_status_requests(u_char *p, u_char *last,
    ngx_http_waxseal_counters_t *sum)
{
    ngx_uint_t  event, result;

    p = ngx_slprintf(p, last,
                     "# HELP waxseal_requests_total Requests of tracking "
                     "locations.\n"
                     "# TYPE waxseal_requests_total counter\n");

    for (event = 0; event < NGX_HTTP_WAXSEAL_EVENTS; event++) {
        for (result = 0; result < NGX_HTTP_WAXSEAL_RESULTS; result++) {

            p = ngx_slprintf(p, last,
                             "waxseal_requests_total"
                             "{event=\"%V\",result=\"%V\"} %uA\n",
                             ngx_http_waxseal_event_name(event),
                             ngx_http_waxseal_result_name(result),
                             sum->requests[event][result]);
        }
    }

    return p;
}


static u_char *
ngx_http_waxseal_status_metrics(u_char *p, u_char *last,
    ngx_http_waxseal_counters_t *sum, wxs_table_info *info)
{
    ngx_uint_t  i;

    ngx_http_waxseal_metric_t  metrics[] = {

        { "events_recorded_total", "counter",
          "Events written to the journal.", sum->recorded },

        { "events_dropped_total", "counter",
          "Events lost because the journal failed.", sum->dropped },

        { "journal_bytes_total", "counter",
          "Bytes of journal records.", sum->journal_bytes },

        { "table_opened_total", "counter",
          "Lookup tables mapped by workers.", sum->table_opened },

        { "table_failed_total", "counter",
          "Lookup tables that could not be mapped.", sum->table_failed },

        { "table_entries", "gauge",
          "Hosts, links and destinations of the table.", info->live },

        { "table_dead_entries", "gauge",
          "Replaced and removed entries.", info->dead },

        { "table_bytes", "gauge",
          "Bytes used of the lookup table.", info->bytes_used },

        { "table_size_bytes", "gauge",
          "Size of the lookup table.", info->bytes_size },

        { "table_generation", "gauge",
          "Number of the rebuild of the lookup table.", info->generation },

        { "table_applied", "gauge",
          "Number of the last change applied.", info->applied },

        { "table_failing_since_seconds", "gauge",
          "Unix time since when changes do not reach the lookup table, "
          "0 if they do.", (info->failing_since_ms + 999) / 1000 },

        { "certificates_loaded_total", "counter",
          "Certificates read from files.", sum->certificates_loaded },

        { "certificates_cached_total", "counter",
          "Certificates that were in a worker's cache.",
          sum->certificates_cached },

        { "certificates_failed_total", "counter",
          "Certificate files that could not be used.",
          sum->certificates_failed },

        { "certificates_absent_total", "counter",
          "Handshakes for hosts without a certificate.",
          sum->certificates_absent },

        { "ticket_keys_loaded_total", "counter",
          "Session ticket keys read by workers.", sum->ticket_keys_loaded },

        { "ticket_keys_failed_total", "counter",
          "Session ticket keys that could not be read.",
          sum->ticket_keys_failed },

        { "acme_challenges_total", "counter",
          "HTTP-01 challenges answered.", sum->challenges },
    };

    for (i = 0; i < sizeof(metrics) / sizeof(metrics[0]); i++) {
        p = ngx_slprintf(p, last,
                         "# HELP waxseal_%s %s\n"
                         "# TYPE waxseal_%s %s\n"
                         "waxseal_%s %uL\n",
                         metrics[i].name, metrics[i].help,
                         metrics[i].name, metrics[i].type,
                         metrics[i].name, metrics[i].value);
    }

    return p;
}


static u_char *
ngx_http_waxseal_status_lag(u_char *p, u_char *last,
    ngx_http_waxseal_main_conf_t *wmcf, ngx_log_t *log)
{
    ngx_time_t       *tp;
    wxs_status        status;
    wxs_journal_lag   lag;

    if (wmcf->journal.len == 0) {
        return p;
    }

    tp = ngx_timeofday();

    status = wxs_journal_lag_measure((char *) wmcf->journal.data,
                                     (uint64_t) tp->sec * 1000 + tp->msec,
                                     &lag);

    if (status != WXS_OK) {
        ngx_log_debug1(NGX_LOG_DEBUG_HTTP, log, 0,
                       "waxseal journal lag: %s", wxs_status_text(status));
        return p;
    }

    return ngx_slprintf(p, last,
                        "# HELP waxseal_journal_lag_bytes Bytes of the "
                        "journal that are not collected.\n"
                        "# TYPE waxseal_journal_lag_bytes gauge\n"
                        "waxseal_journal_lag_bytes %uL\n"
                        "# HELP waxseal_journal_lag_seconds How long events "
                        "may have been waiting to be collected.\n"
                        "# TYPE waxseal_journal_lag_seconds gauge\n"
                        "waxseal_journal_lag_seconds %uL\n",
                        lag.bytes, lag.ms / 1000);
}
