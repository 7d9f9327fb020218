#ifndef WXS_VERIFY_CHECK_H
#define WXS_VERIFY_CHECK_H

#include <stdbool.h>
#include <stddef.h>

#include <libpsl.h>

#include "caa.h"
#include "config.h"
#include "dns_cache.h"
#include "dns_gate.h"
#include "dns_loop.h"
#include "match.h"

/* The check of one domain: finds the nameservers of each record, asks them
 * all, follows aliases through the resolver, and gets a second answer before
 * it calls a record right that was not before. */

#define WXS_CHECK_RECORDS_MAX 24
#define WXS_CHECK_MS          12000

/* What resolvers may have in their caches in a record's place. */
typedef struct {
    /* seconds for which they keep what the last check found there instead; 0:
     * it found the record, or nothing is known */
    uint32_t ttl;
    int64_t until; /* microseconds: by then all have the record; 0 not known */
} wxs_check_caches;

typedef struct {
    const char *domain;
    wxs_expected record[WXS_CHECK_RECORDS_MAX];
    bool verified[WXS_CHECK_RECORDS_MAX];           /* by an earlier check */
    wxs_check_caches caches[WXS_CHECK_RECORDS_MAX]; /* as the last check left
                                                       them */
    size_t count;
    bool asked_for; /* by a user: finds the nameservers anew */
    const char *other[WXS_WORLD_OTHERS_MAX]; /* verified domains of the account,
                                                NULL after the last */
} wxs_check_job;

/* What all checks share; everything in it outlives them. */
typedef struct {
    wxs_loop *loop;
    const wxs_config *config;
    wxs_dns_cache *cache;
    wxs_dns_gate *gate;
    wxs_dns_gate *resolver_gate;
    psl_ctx_t *suffixes; /* NULL: nothing is known of public suffixes */
    wxs_landmarks *landmarks;
    char authority[254]; /* of certificates, in CAA records; "" unknown */
} wxs_checker;

typedef struct {
    wxs_verdict verdict;
    const char *confirmed_by; /* "second_ns", "tcp", "ad", or NULL */
    wxs_observation seen[WXS_SERVERS_MAX];
    size_t seen_count;
    const wxs_caa_verdict *caa; /* of a tracking host that is right; NULL:
                                   nobody asked */
    int64_t stale_ms; /* for so long caches may have hidden a change */
    wxs_check_caches caches;
    const char *zone;     /* that the record is in, NULL if not found */
    const char *hosts[8]; /* some of its nameservers */
    size_t host_count;
} wxs_check_result;

typedef struct wxs_check wxs_check;

/* One result for each record of the job, valid until the check is freed, which
 * is up to the function or whoever it tells. results is NULL if memory was out.
 */
typedef void wxs_check_done(void *data, wxs_check *check,
                            const wxs_check_result *results);

/* Fills the checker, whose loop and config are set; false if memory is out. In
 * any case wxs_checker_close() frees what there is, but not the loop. */
bool wxs_checker_open(wxs_checker *checker);
void wxs_checker_close(wxs_checker *checker);

/* The name in CAA records of the authority that issues tracking hosts'
 * certificates; "" if it is not known. */
void wxs_checker_authority(const wxs_config *config, char authority[254]);

/* Ends after WXS_CHECK_MS, but for the time in which nameservers are spared;
 * done is called from the loop, never from here. Checker and job must stay
 * until the check is freed. NULL if memory is out. */
wxs_check *wxs_check_start(const wxs_checker *checker, const wxs_check_job *job,
                           wxs_check_done *done, void *data);

/* Ends a check at any time, done or not. */
void wxs_check_free(wxs_check *check);

#endif
