
#include "ngx_http_waxseal.h"


/* of one worker process */

static wxs_journal_writer  ngx_http_waxseal_writer;
static ngx_uint_t          ngx_http_waxseal_writer_used;
static ngx_uint_t          ngx_http_waxseal_writer_ready;
static ngx_uint_t          ngx_http_waxseal_writer_failing;


void
ngx_http_waxseal_journal_init(ngx_http_waxseal_main_conf_t *wmcf,
    ngx_log_t *log)
{
    wxs_status  status;

    if (wmcf->journal.len == 0) {
        return;
    }

    ngx_http_waxseal_writer_used = 1;

    status = wxs_journal_writer_init(&ngx_http_waxseal_writer,
                                     (char *) wmcf->journal.data,
                                     wmcf->segment);

    if (status != WXS_OK) {
        ngx_log_error(NGX_LOG_ALERT, log, (status == WXS_IO) ? ngx_errno : 0,
                      "journal \"%V\" cannot be used, no events "
                      "are recorded: %s",
                      &wmcf->journal, wxs_status_text(status));
        return;
    }

    ngx_http_waxseal_writer_ready = 1;
}


ngx_int_t
ngx_http_waxseal_journal_append(const wxs_event *event, ngx_log_t *log)
{
    uint64_t                      bytes;
    wxs_status                    status;
    ngx_http_waxseal_counters_t  *counters;

    if (!ngx_http_waxseal_writer_used) {
        return NGX_DECLINED;
    }

    counters = ngx_http_waxseal_counters;

    if (!ngx_http_waxseal_writer_ready) {
        (void) ngx_atomic_fetch_add(&counters->dropped, 1);
        return NGX_DECLINED;
    }

    bytes = ngx_http_waxseal_writer.bytes;

    status = wxs_journal_append(&ngx_http_waxseal_writer, event);

    if (status == WXS_OK) {
        bytes = ngx_http_waxseal_writer.bytes - bytes;

        (void) ngx_atomic_fetch_add(&counters->recorded, 1);
        (void) ngx_atomic_fetch_add(&counters->journal_bytes, bytes);

        if (ngx_http_waxseal_writer_failing) {
            ngx_http_waxseal_writer_failing = 0;

            ngx_log_error(NGX_LOG_NOTICE, log, 0,
                          "journal \"%s\" is written again, %uL events "
                          "were dropped so far",
                          ngx_http_waxseal_writer.directory,
                          ngx_http_waxseal_writer.dropped);
        }

        return NGX_OK;
    }

    (void) ngx_atomic_fetch_add(&counters->dropped, 1);

    if (!ngx_http_waxseal_writer_failing) {
        ngx_http_waxseal_writer_failing = 1;

        ngx_log_error(NGX_LOG_ERR, log, (status == WXS_IO) ? ngx_errno : 0,
                      "journal \"%s\" failed, events are dropped: %s",
                      ngx_http_waxseal_writer.directory,
                      wxs_status_text(status));
    }

    return NGX_DECLINED;
}


void
ngx_http_waxseal_journal_tend(void)
{
    ngx_time_t  *tp;

    if (!ngx_http_waxseal_writer_ready) {
        return;
    }

    tp = ngx_timeofday();

    /* what is not prepared is made, or reported, when it is needed */

    (void) wxs_journal_writer_tend(&ngx_http_waxseal_writer,
                                   (uint64_t) tp->sec * 1000 + tp->msec);
}


void
ngx_http_waxseal_journal_close(void)
{
    if (ngx_http_waxseal_writer_ready) {
        ngx_http_waxseal_writer_ready = 0;
        wxs_journal_writer_close(&ngx_http_waxseal_writer);
    }
}
