
#include "ngx_http_waxseal.h"


typedef struct {
    char        *name;
    char        *help;
    ngx_uint_t   offset;
} ngx_http_waxseal_worker_metric_t;


#define ngx_http_waxseal_offset(member)                                       \
    offsetof(ngx_http_waxseal_counters_t, member)


static u_char *ngx_http_waxseal_status_results(u_char *p, u_char *last);


static ngx_http_waxseal_worker_metric_t  ngx_http_waxseal_worker_metrics[] = {

    { "clicks_total", "Clicks redirected by the worker.",
      ngx_http_waxseal_offset(requests[NGX_HTTP_WAXSEAL_CLICK]
                                      [NGX_HTTP_WAXSEAL_OK]) },

    { "opens_total", "Opens with a good token.",
      ngx_http_waxseal_offset(requests[NGX_HTTP_WAXSEAL_OPEN]
                                      [NGX_HTTP_WAXSEAL_OK]) },

    { "events_recorded_total", "Events written to the journal.",
      ngx_http_waxseal_offset(recorded) },

    { "events_dropped_total", "Events lost because the journal failed.",
      ngx_http_waxseal_offset(dropped) },

    { "journal_bytes_total", "Bytes of journal records.",
      ngx_http_waxseal_offset(journal_bytes) },
};


size_t
ngx_http_waxseal_status_workers_size(void)
{
    size_t      n;
    ngx_uint_t  i, workers;

    workers = 0;

    for (i = 0; i < NGX_HTTP_WAXSEAL_SLOTS; i++) {
        workers += (ngx_http_waxseal_metrics_slot(i) != NULL);
    }

    n = sizeof(ngx_http_waxseal_worker_metrics)
        / sizeof(ngx_http_waxseal_worker_metrics[0]);

    return (n + 1) * 256 + workers * (n + NGX_HTTP_WAXSEAL_RESULTS) * 128;
}


u_char *
ngx_http_waxseal_status_workers(u_char *p, u_char *last)
{
    ngx_uint_t                         i, n;
    ngx_atomic_t                      *value;
    ngx_http_waxseal_counters_t       *counters;
    ngx_http_waxseal_worker_metric_t  *metric;

    p = ngx_http_waxseal_status_results(p, last);

    metric = ngx_http_waxseal_worker_metrics;

    for (n = 0;
         n < sizeof(ngx_http_waxseal_worker_metrics)
             / sizeof(ngx_http_waxseal_worker_metrics[0]);
         n++)
    {
        p = ngx_slprintf(p, last,
                         "# HELP waxseal_worker_%s %s\n"
                         "# TYPE waxseal_worker_%s counter\n",
                         metric[n].name, metric[n].help, metric[n].name);

        for (i = 0; i < NGX_HTTP_WAXSEAL_SLOTS; i++) {
            counters = ngx_http_waxseal_metrics_slot(i);

            if (counters == NULL) {
                continue;
            }

            value = (ngx_atomic_t *) ((u_char *) counters + metric[n].offset);

            p = ngx_slprintf(p, last, "waxseal_worker_%s{worker=\"%ui\"} %uA\n",
                             metric[n].name, i, *value);
        }
    }

    return p;
}


static u_char *
ngx_http_waxseal_status_results(u_char *p, u_char *last)
{
    ngx_uint_t                    i, event, result;
    ngx_atomic_uint_t             n;
    ngx_http_waxseal_counters_t  *counters;

    p = ngx_slprintf(p, last,
                     "# HELP waxseal_worker_requests_total Requests of "
                     "tracking locations.\n"
                     "# TYPE waxseal_worker_requests_total counter\n");

    for (i = 0; i < NGX_HTTP_WAXSEAL_SLOTS; i++) {
        counters = ngx_http_waxseal_metrics_slot(i);

        if (counters == NULL) {
            continue;
        }

        for (result = 0; result < NGX_HTTP_WAXSEAL_RESULTS; result++) {
            n = 0;

            for (event = 0; event < NGX_HTTP_WAXSEAL_EVENTS; event++) {
                n += counters->requests[event][result];
            }

            p = ngx_slprintf(p, last,
                             "waxseal_worker_requests_total"
                             "{worker=\"%ui\",result=\"%V\"} %uA\n",
                             i, ngx_http_waxseal_result_name(result), n);
        }
    }

    return p;
}
