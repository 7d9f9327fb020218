
#ifndef _NGX_HTTP_WAXSEAL_H_INCLUDED_
#define _NGX_HTTP_WAXSEAL_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "base64url.h"
#include "journal_write.h"
#include "table_read.h"
#include "token.h"


typedef enum {
    NGX_HTTP_WAXSEAL_OTHER = 0,
    NGX_HTTP_WAXSEAL_CLICK,
    NGX_HTTP_WAXSEAL_OPEN,
    NGX_HTTP_WAXSEAL_FAVICON,
    NGX_HTTP_WAXSEAL_UNSUBSCRIBE,
    NGX_HTTP_WAXSEAL_EVENTS
} ngx_http_waxseal_event_e;


typedef enum {
    NGX_HTTP_WAXSEAL_OK = 0,
    NGX_HTTP_WAXSEAL_BAD_TOKEN,
    NGX_HTTP_WAXSEAL_UNKNOWN_HOST,
    NGX_HTTP_WAXSEAL_NOT_FOUND,
    NGX_HTTP_WAXSEAL_EXPIRED,
    NGX_HTTP_WAXSEAL_KILLED,
    NGX_HTTP_WAXSEAL_BAD_METHOD,
    NGX_HTTP_WAXSEAL_FAILED,
    NGX_HTTP_WAXSEAL_RESULTS
} ngx_http_waxseal_result_e;


/* what the request alone tells of a hit that was recorded */

typedef enum {
    NGX_HTTP_WAXSEAL_UNRECORDED = 0,
    NGX_HTTP_WAXSEAL_UNKNOWN,
    NGX_HTTP_WAXSEAL_MACHINE
} ngx_http_waxseal_verdict_e;


typedef struct {
    ngx_str_t                   table;
    ngx_str_t                   journal;
    size_t                      segment;
    ngx_shm_zone_t             *zone;
    ngx_str_t                   handler;
} ngx_http_waxseal_main_conf_t;


typedef struct {
    ngx_str_t                   region;
    ngx_http_complex_value_t   *protocol;
} ngx_http_waxseal_loc_conf_t;


typedef struct {
    ngx_http_waxseal_event_e    event;
    ngx_http_waxseal_result_e   result;
    ngx_http_waxseal_verdict_e  verdict;
    uint32_t                    domain;

    unsigned                    verified:1;
} ngx_http_waxseal_ctx_t;


/* a token as it came, not to be believed yet */

typedef struct {
    wxs_status                  status;
    wxs_token_parsed            parsed;
    wxs_table_seek              link;   /* of a table link */
} ngx_http_waxseal_token_t;


/* a lookup of a host under way */

typedef struct {
    wxs_table_host              host;   /* of no domains if not known yet */
    uint64_t                    changes;
    wxs_table_seek              place;
} ngx_http_waxseal_seek_t;


/* of one worker, in shared memory */

typedef struct {
    ngx_atomic_t                requests[NGX_HTTP_WAXSEAL_EVENTS]
                                        [NGX_HTTP_WAXSEAL_RESULTS];
    ngx_atomic_t                recorded;
    ngx_atomic_t                dropped;
    ngx_atomic_t                journal_bytes;
    ngx_atomic_t                table_opened;
    ngx_atomic_t                table_failed;
    ngx_atomic_t                used;
} ngx_http_waxseal_counters_t;


/*
 * a fixed number of slots keeps the size of the zone, and so its contents,
 * over a reload that changes the number of workers; workers that share a slot
 * count right, since they count atomically
 */
#define NGX_HTTP_WAXSEAL_SLOTS  64


/* content handlers */

ngx_int_t ngx_http_waxseal_tracking_handler(ngx_http_request_t *r);
ngx_int_t ngx_http_waxseal_status_handler(ngx_http_request_t *r);

/* in the POST_READ phase: calls for the link of a table link, and declines */

ngx_int_t ngx_http_waxseal_prefetch(ngx_http_request_t *r);

/* reads the token of a tracking link, and calls for its link in the table */
void ngx_http_waxseal_read_token(ngx_http_waxseal_event_e event,
    const wxs_table *table, ngx_str_t *text, ngx_http_waxseal_token_t *token);

/*
 * checks the token for the domains of the host and against the kill switch,
 * sets ctx->result, and on success the domain that signed it
 */
const wxs_table_domain *ngx_http_waxseal_verify(ngx_http_request_t *r,
    ngx_http_waxseal_ctx_t *ctx, const wxs_table *table,
    const wxs_table_host *host, ngx_http_waxseal_token_t *token);

/* "http" or "https", also when "waxseal_protocol" evaluates to nonsense */
ngx_str_t *ngx_http_waxseal_protocol(ngx_http_request_t *r);

/* answers; all count the request, none goes through error pages */

ngx_int_t ngx_http_waxseal_send_redirect(ngx_http_request_t *r,
    ngx_http_waxseal_ctx_t *ctx, ngx_str_t *location);
ngx_int_t ngx_http_waxseal_send_pixel(ngx_http_request_t *r,
    ngx_http_waxseal_ctx_t *ctx);
ngx_int_t ngx_http_waxseal_send_unsubscribe(ngx_http_request_t *r,
    ngx_http_waxseal_ctx_t *ctx);
ngx_int_t ngx_http_waxseal_send_favicon(ngx_http_request_t *r,
    ngx_http_waxseal_ctx_t *ctx);
ngx_int_t ngx_http_waxseal_send_error(ngx_http_request_t *r,
    ngx_http_waxseal_ctx_t *ctx);
ngx_int_t ngx_http_waxseal_send_text(ngx_http_request_t *r, ngx_uint_t status,
    ngx_str_t *type, ngx_buf_t *b);
ngx_table_elt_t *ngx_http_waxseal_add_header(ngx_http_request_t *r,
    ngx_str_t *name, ngx_str_t *value);

/*
 * writes the event of a verified token, if it is to be recorded at all,
 * and sets ctx->verdict
 */
void ngx_http_waxseal_record(ngx_http_request_t *r,
    ngx_http_waxseal_ctx_t *ctx, const wxs_token *token,
    const wxs_table_domain *domain);

/* the journal writer of this worker */

void ngx_http_waxseal_journal_init(ngx_http_waxseal_main_conf_t *wmcf,
    ngx_log_t *log);

/* NGX_DECLINED if the event was dropped or there is no journal */
ngx_int_t ngx_http_waxseal_journal_append(const wxs_event *event,
    ngx_log_t *log);

/* between requests, a few times a second: may wait for a disk */
void ngx_http_waxseal_journal_tend(void);

void ngx_http_waxseal_journal_close(void);

/*
 * the lookup table of this worker, or NULL if there has been none yet; what
 * it points to is valid until the next call
 */
const wxs_table *ngx_http_waxseal_table(ngx_http_waxseal_main_conf_t *wmcf,
    ngx_log_t *log);

/* opens it if need be; between requests, for it may wait for a disk */
void ngx_http_waxseal_table_tend(ngx_http_waxseal_main_conf_t *wmcf,
    ngx_log_t *log);

void ngx_http_waxseal_table_close(void);

/* has journal and table tended from now on */
void ngx_http_waxseal_timer_init(void);

/*
 * a host of the table, or as it was found before; seek has memory fetch it,
 * what find finds is valid until the next call
 */

void ngx_http_waxseal_seek_host(const wxs_table *table, ngx_str_t *name,
    ngx_http_waxseal_seek_t *seek);
wxs_status ngx_http_waxseal_find_host(const wxs_table *table, ngx_str_t *name,
    ngx_http_waxseal_seek_t *seek, wxs_table_host *host);

/* another table has others */
void ngx_http_waxseal_hosts_forget(void);

/* a cached link key, valid until the next call; NULL if OpenSSL fails */

wxs_link_key *ngx_http_waxseal_key(const wxs_table_domain *domain,
    uint8_t key_id, ngx_log_t *log);
void ngx_http_waxseal_keys_free(void);

/* counters */

ngx_int_t ngx_http_waxseal_metrics_add_zone(ngx_conf_t *cf,
    ngx_http_waxseal_main_conf_t *wmcf);
void ngx_http_waxseal_metrics_init(ngx_http_waxseal_main_conf_t *wmcf);
void ngx_http_waxseal_metrics_sum(ngx_http_waxseal_counters_t *sum);

/* NULL if no worker has used the slot */
ngx_http_waxseal_counters_t *ngx_http_waxseal_metrics_slot(ngx_uint_t i);

/* the metrics of each worker, and how much room they need */

u_char *ngx_http_waxseal_status_workers(u_char *p, u_char *last);
size_t ngx_http_waxseal_status_workers_size(void);

/* names of events and results, as in variables and metrics */

ngx_str_t *ngx_http_waxseal_event_name(ngx_http_waxseal_event_e event);
ngx_str_t *ngx_http_waxseal_result_name(ngx_http_waxseal_result_e result);

ngx_int_t ngx_http_waxseal_add_variables(ngx_conf_t *cf);


extern ngx_module_t                  ngx_http_waxseal_module;

/* of this worker; a private set in a process that has no zone */
extern ngx_http_waxseal_counters_t  *ngx_http_waxseal_counters;


#endif /* _NGX_HTTP_WAXSEAL_H_INCLUDED_ */
