
#include "ngx_http_waxseal.h"


/* a tenth of the time in which a busy worker fills a segment of the journal */
#define NGX_HTTP_WAXSEAL_TIMER_INTERVAL  200


static void ngx_http_waxseal_timer_handler(ngx_event_t *ev);


/* of one worker process */

static ngx_event_t       ngx_http_waxseal_timer;

/* debug logs of timers want a descriptor */
static ngx_connection_t  ngx_http_waxseal_timer_dumb;


void
ngx_http_waxseal_timer_init(void)
{
    ngx_event_t  *ev;

    ngx_http_waxseal_timer_dumb.fd = (ngx_socket_t) -1;

    ev = &ngx_http_waxseal_timer;

    ev->handler = ngx_http_waxseal_timer_handler;
    ev->log = ngx_cycle->log;
    ev->data = &ngx_http_waxseal_timer_dumb;
    ev->cancelable = 1;

    ngx_add_timer(ev, NGX_HTTP_WAXSEAL_TIMER_INTERVAL);
}


static void
ngx_http_waxseal_timer_handler(ngx_event_t *ev)
{
    ngx_http_waxseal_main_conf_t  *wmcf;

    ev->log = ngx_cycle->log;

    wmcf = ngx_http_cycle_get_module_main_conf(ngx_cycle,
                                               ngx_http_waxseal_module);

    if (wmcf && wmcf->table.len) {
        ngx_http_waxseal_journal_tend();
        ngx_http_waxseal_table_tend(wmcf, ev->log);
        ngx_http_waxseal_files_tend(wmcf, ev->log);
    }

    ngx_add_timer(ev, NGX_HTTP_WAXSEAL_TIMER_INTERVAL);
}


void
ngx_http_waxseal_files_tend(ngx_http_waxseal_main_conf_t *wmcf, ngx_log_t *log)
{
    if (wmcf->thumbprint.len) {
        ngx_http_waxseal_challenge_tend(wmcf, log);
    }

#if (NGX_HTTP_SSL)

    if (wmcf->tickets.len) {
        ngx_http_waxseal_tickets_tend(wmcf, log);
    }

#endif
}
