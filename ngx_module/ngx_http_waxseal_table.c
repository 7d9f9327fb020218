
#include "ngx_http_waxseal.h"


#define NGX_HTTP_WAXSEAL_TABLE_RETRY   1000
#define NGX_HTTP_WAXSEAL_TABLE_REPORT  60000

#define NGX_HTTP_WAXSEAL_UNMAP_STEP    (4 * 1024 * 1024)
#define NGX_HTTP_WAXSEAL_UNMAP_DELAY   10


typedef struct {
    wxs_table        table;
    ngx_file_uniq_t  uniq;
    dev_t            device;

    ngx_msec_t       next;      /* look at the path no sooner */
    ngx_msec_t       report;    /* repeat the error no sooner */
    wxs_status       status;    /* the one reported */

    unsigned         open:1;
    unsigned         failed:1;
} ngx_http_waxseal_table_t;


static ngx_uint_t ngx_http_waxseal_table_due(ngx_str_t *path);
static ngx_uint_t ngx_http_waxseal_table_replaced(ngx_str_t *path);
static void ngx_http_waxseal_table_reopen(ngx_str_t *path, ngx_log_t *log);
static void ngx_http_waxseal_table_failed(ngx_str_t *path, wxs_status status,
    ngx_err_t err, ngx_log_t *log);
static void ngx_http_waxseal_table_release(wxs_table *table);
static void ngx_http_waxseal_table_unmap(ngx_event_t *ev);


/* of one worker process */

static ngx_http_waxseal_table_t  ngx_http_waxseal_current;
static wxs_table                 ngx_http_waxseal_former;
static ngx_event_t               ngx_http_waxseal_unmap_event;

/* debug logs of timers want a descriptor */
static ngx_connection_t          ngx_http_waxseal_dumb;


const wxs_table *
ngx_http_waxseal_table(ngx_http_waxseal_main_conf_t *wmcf, ngx_log_t *log)
{
    ngx_http_waxseal_table_t  *t;

    t = &ngx_http_waxseal_current;

    if (ngx_http_waxseal_table_due(&wmcf->table)) {
        ngx_http_waxseal_table_reopen(&wmcf->table, log);
    }

    return t->open ? &t->table : NULL;
}


static ngx_uint_t
ngx_http_waxseal_table_due(ngx_str_t *path)
{
    ngx_http_waxseal_table_t  *t;

    t = &ngx_http_waxseal_current;

    if (t->open && !t->failed && wxs_table_superseded(&t->table)) {
        return 1;
    }

    if ((ngx_msec_int_t) (ngx_current_msec - t->next) < 0) {
        return 0;
    }

    if (!t->open || t->failed) {
        return 1;
    }

    /* a writer killed right after its rename has told nobody of the file */

    t->next = ngx_current_msec + NGX_HTTP_WAXSEAL_TABLE_RETRY;

    return ngx_http_waxseal_table_replaced(path);
}


static ngx_uint_t
ngx_http_waxseal_table_replaced(ngx_str_t *path)
{
    ngx_file_info_t            fi;
    ngx_http_waxseal_table_t  *t;

    t = &ngx_http_waxseal_current;

    return ngx_file_info(path->data, &fi) != NGX_FILE_ERROR
           && (ngx_file_uniq(&fi) != t->uniq || fi.st_dev != t->device);
}


static void
ngx_http_waxseal_table_reopen(ngx_str_t *path, ngx_log_t *log)
{
    ngx_err_t                  err;
    wxs_table                  table;
    wxs_status                 status;
    ngx_file_info_t            fi;
    ngx_http_waxseal_table_t  *t;

    t = &ngx_http_waxseal_current;

    t->next = ngx_current_msec + NGX_HTTP_WAXSEAL_TABLE_RETRY;

    /* before the open: a file put there meanwhile is seen by the next look */

    if (ngx_file_info(path->data, &fi) == NGX_FILE_ERROR) {
        ngx_http_waxseal_table_failed(path, WXS_IO, ngx_errno, log);
        return;
    }

    status = wxs_table_open(&table, (char *) path->data);

    if (status != WXS_OK) {
        err = (status == WXS_IO) ? ngx_errno : 0;
        ngx_http_waxseal_table_failed(path, status, err, log);
        return;
    }

    if (t->open) {
        ngx_http_waxseal_table_release(&t->table);
    }

    t->table = table;
    t->uniq = ngx_file_uniq(&fi);
    t->device = fi.st_dev;
    t->report = 0;
    t->open = 1;

    /*
     * no storm of mappings where a stale file was put back; one that was
     * replaced since the open is left by the next request
     */

    t->failed = wxs_table_superseded(&table)
                && !ngx_http_waxseal_table_replaced(path);

    (void) ngx_atomic_fetch_add(&ngx_http_waxseal_counters->table_opened, 1);

    ngx_log_error(NGX_LOG_INFO, log, 0, "lookup table \"%V\" opened", path);
}


static void
ngx_http_waxseal_table_failed(ngx_str_t *path, wxs_status status,
    ngx_err_t err, ngx_log_t *log)
{
    ngx_http_waxseal_table_t  *t;

    t = &ngx_http_waxseal_current;

    (void) ngx_atomic_fetch_add(&ngx_http_waxseal_counters->table_failed, 1);

    if (!t->failed
        || t->status != status
        || (ngx_msec_int_t) (ngx_current_msec - t->report) >= 0)
    {
        t->status = status;
        t->report = ngx_current_msec + NGX_HTTP_WAXSEAL_TABLE_REPORT;

        ngx_log_error(NGX_LOG_ERR, log, err,
                      "lookup table \"%V\" cannot be opened: %s, %s",
                      path, wxs_status_text(status),
                      t->open ? "the former one stays in use"
                              : "no tracking host is known");
    }

    t->failed = 1;
}


void
ngx_http_waxseal_table_close(void)
{
    if (ngx_http_waxseal_former.map) {
        wxs_table_close(&ngx_http_waxseal_former);
        ngx_http_waxseal_former.map = NULL;
    }

    if (ngx_http_waxseal_current.open) {
        wxs_table_close(&ngx_http_waxseal_current.table);
        ngx_http_waxseal_current.open = 0;
    }
}


/* unmapping a large table at once would stop the worker for milliseconds */

static void
ngx_http_waxseal_table_release(wxs_table *table)
{
    ngx_event_t  *ev;

    if (ngx_http_waxseal_former.map) {
        wxs_table_close(&ngx_http_waxseal_former);
    }

    ngx_http_waxseal_former = *table;

    ngx_http_waxseal_dumb.fd = (ngx_socket_t) -1;

    ev = &ngx_http_waxseal_unmap_event;

    ev->handler = ngx_http_waxseal_table_unmap;
    ev->log = ngx_cycle->log;
    ev->data = &ngx_http_waxseal_dumb;
    ev->cancelable = 1;

    if (!ev->timer_set) {
        ngx_add_timer(ev, NGX_HTTP_WAXSEAL_UNMAP_DELAY);
    }
}


static void
ngx_http_waxseal_table_unmap(ngx_event_t *ev)
{
    size_t      rest;
    u_char     *tail;
    wxs_table  *table;

    table = &ngx_http_waxseal_former;

    if (table->size <= NGX_HTTP_WAXSEAL_UNMAP_STEP) {
        wxs_table_close(table);
        table->map = NULL;
        return;
    }

    rest = (table->size - NGX_HTTP_WAXSEAL_UNMAP_STEP)
           & ~((size_t) ngx_pagesize - 1);

    tail = (u_char *) table->map + rest;

    if (munmap(tail, table->size - rest) == -1) {
        ngx_log_error(NGX_LOG_ALERT, ev->log, ngx_errno,
                      "munmap(%p, %uz) failed", tail, table->size - rest);
    }

    table->size = rest;

    ngx_add_timer(ev, NGX_HTTP_WAXSEAL_UNMAP_DELAY);
}
