
#ifndef _NGX_HTTP_WAXSEAL_H_INCLUDED_
#define _NGX_HTTP_WAXSEAL_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "base64url.h"
#include "journal_write.h"
#include "table_read.h"
#include "ticket_keys.h"
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
    NGX_HTTP_WAXSEAL_TO_HTTPS,
    NGX_HTTP_WAXSEAL_RESULTS
} ngx_http_waxseal_result_e;


/* what the request alone tells of a hit that was recorded */

typedef enum {
    NGX_HTTP_WAXSEAL_UNRECORDED = 0,
    NGX_HTTP_WAXSEAL_UNKNOWN,
    NGX_HTTP_WAXSEAL_MACHINE
} ngx_http_waxseal_verdict_e;


/* what a server shows for a host that has no certificate */

typedef enum {
    NGX_HTTP_WAXSEAL_TLS_OFF = 0,
    NGX_HTTP_WAXSEAL_TLS_FALLBACK,
    NGX_HTTP_WAXSEAL_TLS_REJECT
} ngx_http_waxseal_tls_e;


typedef struct {
    ngx_str_t                   table;
    ngx_str_t                   journal;
    size_t                      segment;
    ngx_shm_zone_t             *zone;
    ngx_str_t                   handler;    /* first that wants a table */

    ngx_str_t                   certificates;
    ngx_uint_t                  certificates_max;
    ngx_str_t                   tickets;
    wxs_ticket_keys             ticket_keys;    /* until there is a file */
    ngx_str_t                   thumbprint;
    ngx_array_t                *default_hosts;  /* of ngx_str_t */
} ngx_http_waxseal_main_conf_t;


typedef struct {
    ngx_uint_t                      tls;
    ngx_http_waxseal_main_conf_t   *main;
} ngx_http_waxseal_srv_conf_t;


typedef struct {
    ngx_str_t                   region;
    ngx_http_complex_value_t   *protocol;
    time_t                      hsts;
    ngx_str_t                   hsts_value;
} ngx_http_waxseal_loc_conf_t;


/* a small file that is read again when it has changed */

typedef struct {
    ngx_file_uniq_t             uniq;
    dev_t                       device;
    off_t                       size;
    struct timespec             changed;
    unsigned                    known:1;
} ngx_http_waxseal_watch_t;


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
    ngx_atomic_t                certificates_loaded;
    ngx_atomic_t                certificates_cached;
    ngx_atomic_t                certificates_failed;
    ngx_atomic_t                certificates_absent;
    ngx_atomic_t                ticket_keys_loaded;
    ngx_atomic_t                ticket_keys_failed;
    ngx_atomic_t                challenges;
    ngx_atomic_t                used;
} ngx_http_waxseal_counters_t;


/*
 * a fixed number of slots keeps the size of the zone, and so its contents,
 * over a reload that changes the number of workers; workers that share a slot
 * count right, since they count atomically
 */
#define NGX_HTTP_WAXSEAL_SLOTS  64


/* parsed certificates that a worker keeps, of 12 kB each */
#define NGX_HTTP_WAXSEAL_CERTIFICATES  4096


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

/* "http" or "https" by "waxseal_protocol"; NULL if it says neither */
ngx_str_t *ngx_http_waxseal_forwarded_protocol(ngx_http_request_t *r);

/* that, or the protocol of the connection */
ngx_str_t *ngx_http_waxseal_protocol(ngx_http_request_t *r);
ngx_uint_t ngx_http_waxseal_is_https(ngx_http_request_t *r);

/*
 * for a host whose owner wants https only: NGX_DECLINED to answer the request
 * as it is
 */
ngx_int_t ngx_http_waxseal_enforce(ngx_http_request_t *r,
    ngx_http_waxseal_ctx_t *ctx, const wxs_table_host *host,
    ngx_http_waxseal_token_t *token, ngx_str_t *text);
char *ngx_http_waxseal_merge_hsts(ngx_conf_t *cf,
    ngx_http_waxseal_loc_conf_t *conf);

/*
 * the names of the regions, under which the links of every host work, with
 * that host before them: /links.example.com/c/TOKEN
 */
ngx_uint_t ngx_http_waxseal_is_default_host(
    ngx_http_waxseal_main_conf_t *wmcf, ngx_str_t *server);

/*
 * takes the host off the front of such a path and copies it in lower case, at
 * most WXS_HOST_MAX bytes; NGX_DECLINED if there is none
 */
ngx_int_t ngx_http_waxseal_former_host(ngx_str_t *uri, ngx_str_t *host);

/* answers; all count the request, none goes through error pages */

ngx_int_t ngx_http_waxseal_send_redirect(ngx_http_request_t *r,
    ngx_http_waxseal_ctx_t *ctx, ngx_uint_t status, ngx_str_t *location);
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

/* has journal, table and files tended from now on */
void ngx_http_waxseal_timer_init(void);
void ngx_http_waxseal_files_tend(ngx_http_waxseal_main_conf_t *wmcf,
    ngx_log_t *log);

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

/* whether the file is another than at the last call; one that is gone is not */
ngx_uint_t ngx_http_waxseal_changed(ngx_http_waxseal_watch_t *watch,
    ngx_str_t *path);

/* HTTP-01 of ACME: answered in the POST_READ phase */

ngx_int_t ngx_http_waxseal_challenge_handler(ngx_http_request_t *r);
void ngx_http_waxseal_challenge_tend(ngx_http_waxseal_main_conf_t *wmcf,
    ngx_log_t *log);

#if (NGX_HTTP_SSL)

/*
 * a host in the cache; without a leaf it stands for a file that cannot be
 * used, so that no handshake waits for a disk in vain
 */

typedef struct ngx_http_waxseal_certificate_s  ngx_http_waxseal_certificate_t;

struct ngx_http_waxseal_certificate_s {
    ngx_http_waxseal_certificate_t   *next;     /* of its bucket */
    uint32_t                          hash;
    unsigned                          failed:1;
    ngx_str_t                         host;

    uint64_t                          generation;
    ngx_msec_t                        retry;
    time_t                            expires;

    X509                             *leaf;
    EVP_PKEY                         *key;
    STACK_OF(X509)                   *issuers;

    ngx_queue_t                       queue;
};


/*
 * the certificate of a host, from the cache of this worker or from its file;
 * NULL if there is none to be had. Valid until the next call
 */
ngx_http_waxseal_certificate_t *ngx_http_waxseal_certificate(
    ngx_http_waxseal_main_conf_t *wmcf, ngx_str_t *host, uint64_t generation,
    ngx_log_t *log);

/* NULL, or why it failed; errno is then 0 or tells more */
const char *ngx_http_waxseal_certificate_read(
    ngx_http_waxseal_main_conf_t *wmcf,
    ngx_http_waxseal_certificate_t *certificate, uint64_t generation);

void ngx_http_waxseal_certificate_clear(
    ngx_http_waxseal_certificate_t *certificate);

/* NGX_ERROR if OpenSSL does not take it */
ngx_int_t ngx_http_waxseal_certificate_use(
    ngx_http_waxseal_certificate_t *certificate, ngx_ssl_conn_t *ssl_conn);

ngx_uint_t ngx_http_waxseal_certificate_valid(
    ngx_http_waxseal_certificate_t *certificate);

void ngx_http_waxseal_certificates_free(void);

/* has the servers take certificates and ticket keys from the module */
ngx_int_t ngx_http_waxseal_tls_init(ngx_conf_t *cf,
    ngx_http_waxseal_main_conf_t *wmcf);

ngx_int_t ngx_http_waxseal_tickets_init_conf(ngx_conf_t *cf,
    ngx_http_waxseal_main_conf_t *wmcf);
ngx_int_t ngx_http_waxseal_tickets_init_ctx(ngx_conf_t *cf,
    ngx_http_waxseal_main_conf_t *wmcf, SSL_CTX *ctx);
void ngx_http_waxseal_tickets_init(ngx_http_waxseal_main_conf_t *wmcf);
void ngx_http_waxseal_tickets_tend(ngx_http_waxseal_main_conf_t *wmcf,
    ngx_log_t *log);
void ngx_http_waxseal_tickets_free(void);

#endif

/* generation of the certificate of a host, 0 if it has none */
uint64_t ngx_http_waxseal_generation(const wxs_table_host *host);

/* directives */

char *ngx_http_waxseal_set_table(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_waxseal_set_journal(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_waxseal_set_certificates(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_waxseal_set_file(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_waxseal_set_tracking(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_waxseal_set_status(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_waxseal_check_region(ngx_conf_t *cf, void *post, void *data);
char *ngx_http_waxseal_set_default_host(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

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
