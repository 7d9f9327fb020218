
#include "ngx_http_waxseal.h"

#include <pthread.h>
#include <sys/resource.h>
#include <sys/syscall.h>


#define NGX_HTTP_WAXSEAL_TABLE_RETRY   1000
#define NGX_HTTP_WAXSEAL_TABLE_REPORT  60000

#define NGX_HTTP_WAXSEAL_UNMAP_STEP    (4 * 1024 * 1024)
#define NGX_HTTP_WAXSEAL_UNMAP_NICE    19


typedef struct {
    wxs_table        table;
    ngx_file_uniq_t  uniq;
    dev_t            device;

    ngx_msec_t       next;      /* try to open it again no sooner */
    ngx_msec_t       report;    /* repeat the error no sooner */
    wxs_status       status;    /* the one reported */

    unsigned         open:1;
    unsigned         failed:1;
} ngx_http_waxseal_table_t;


/* a table that a thread gives up */

typedef struct ngx_http_waxseal_former_s  ngx_http_waxseal_former_t;

struct ngx_http_waxseal_former_s {
    wxs_table                   table;
    pthread_t                   thread;
    ngx_atomic_t                done;
    ngx_http_waxseal_former_t  *next;
};


static ngx_uint_t ngx_http_waxseal_table_replaced(ngx_str_t *path);
static void ngx_http_waxseal_table_reopen(ngx_str_t *path, ngx_log_t *log);
static void ngx_http_waxseal_table_failed(ngx_str_t *path, wxs_status status,
    ngx_err_t err, ngx_log_t *log);
static void ngx_http_waxseal_table_release(wxs_table *table);
static void *ngx_http_waxseal_table_unmap(void *data);
static void ngx_http_waxseal_table_reap(ngx_uint_t all);


/* of one worker process */

static ngx_http_waxseal_table_t    ngx_http_waxseal_current;
static ngx_http_waxseal_former_t  *ngx_http_waxseal_formers;


/*
 * only a writer that has just put a file there says so, which is therefore in
 * memory: what may wait for a disk is left to ngx_http_waxseal_table_tend()
 */

const wxs_table *
ngx_http_waxseal_table(ngx_http_waxseal_main_conf_t *wmcf, ngx_log_t *log)
{
    ngx_http_waxseal_table_t  *t;

    t = &ngx_http_waxseal_current;

    if (!t->open) {
        return NULL;
    }

    if (wxs_table_superseded(&t->table) && !t->failed) {
        ngx_http_waxseal_table_reopen(&wmcf->table, log);
    }

    return &t->table;
}


void
ngx_http_waxseal_table_tend(ngx_http_waxseal_main_conf_t *wmcf, ngx_log_t *log)
{
    ngx_http_waxseal_table_t  *t;

    t = &ngx_http_waxseal_current;

    ngx_http_waxseal_table_reap(0);

    if (!t->open || t->failed) {

        if ((ngx_msec_int_t) (ngx_current_msec - t->next) >= 0) {
            ngx_http_waxseal_table_reopen(&wmcf->table, log);
        }

        return;
    }

    /* a writer killed right after its rename has told nobody of the file */

    if (wxs_table_superseded(&t->table)
        || ngx_http_waxseal_table_replaced(&wmcf->table))
    {
        ngx_http_waxseal_table_reopen(&wmcf->table, log);
    }
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
        ngx_http_waxseal_hosts_forget();
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
    ngx_http_waxseal_table_reap(1);

    if (ngx_http_waxseal_current.open) {
        wxs_table_close(&ngx_http_waxseal_current.table);
        ngx_http_waxseal_current.open = 0;
        ngx_http_waxseal_hosts_forget();
    }
}


/*
 * a thread of its own, since whoever gives up the last mapping of a file that
 * has no name any more deletes it: tens of milliseconds a hundred megabytes
 */

static void
ngx_http_waxseal_table_release(wxs_table *table)
{
    int                         err;
    sigset_t                    set, saved;
    ngx_http_waxseal_former_t  *f;

    f = ngx_calloc(sizeof(ngx_http_waxseal_former_t), ngx_cycle->log);
    if (f == NULL) {
        wxs_table_close(table);
        return;
    }

    f->table = *table;

    /* signals are for the worker */

    sigfillset(&set);
    (void) pthread_sigmask(SIG_SETMASK, &set, &saved);

    err = pthread_create(&f->thread, NULL, ngx_http_waxseal_table_unmap, f);

    (void) pthread_sigmask(SIG_SETMASK, &saved, NULL);

    if (err) {
        ngx_log_error(NGX_LOG_WARN, ngx_cycle->log, err,
                      "pthread_create() failed, the former lookup table is "
                      "given up by the worker itself");

        ngx_free(f);
        wxs_table_close(table);
        return;
    }

    f->next = ngx_http_waxseal_formers;
    ngx_http_waxseal_formers = f;
}


/* each step keeps the worker's page faults waiting for 0.1 ms at most */

static void *
ngx_http_waxseal_table_unmap(void *data)
{
    ngx_http_waxseal_former_t *f = data;

    size_t      rest;
    wxs_table  *table;

    table = &f->table;

    (void) setpriority(PRIO_PROCESS, syscall(SYS_gettid),
                       NGX_HTTP_WAXSEAL_UNMAP_NICE);

    while (table->size > NGX_HTTP_WAXSEAL_UNMAP_STEP) {

        rest = (table->size - NGX_HTTP_WAXSEAL_UNMAP_STEP)
               & ~((size_t) NGX_HTTP_WAXSEAL_UNMAP_STEP - 1);

        if (munmap((u_char *) table->map + rest, table->size - rest) == -1) {
            break;
        }

        table->size = rest;
    }

    wxs_table_close(table);

    __atomic_store_n(&f->done, 1, __ATOMIC_RELEASE);

    return NULL;
}


/*
 * all of them before the worker ends: nginx unloads the module with its
 * configuration, and no thread may run code that is gone
 */

static void
ngx_http_waxseal_table_reap(ngx_uint_t all)
{
    ngx_http_waxseal_former_t  *f, **next;

    next = &ngx_http_waxseal_formers;

    while ((f = *next) != NULL) {

        if (!all && !__atomic_load_n(&f->done, __ATOMIC_ACQUIRE)) {
            next = &f->next;
            continue;
        }

        *next = f->next;

        (void) pthread_join(f->thread, NULL);
        ngx_free(f);
    }
}
