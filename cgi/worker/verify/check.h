#ifndef WXS_VERIFY_CHECK_H
#define WXS_VERIFY_CHECK_H

#include <stdbool.h>
#include <stddef.h>

#include "config.h"
#include "dns_loop.h"
#include "match.h"

/* The check of one domain: finds the nameservers of each record, asks them
 * all, follows aliases through the resolver, and gets a second answer before
 * it calls a record right that was not before. */

#define WXS_CHECK_RECORDS_MAX 24
#define WXS_CHECK_MS          12000

typedef struct {
    const char *domain;
    wxs_expected record[WXS_CHECK_RECORDS_MAX];
    bool verified[WXS_CHECK_RECORDS_MAX]; /* by an earlier check */
    size_t count;
} wxs_check_job;

typedef struct {
    wxs_verdict verdict;
    const char *confirmed_by; /* "second_ns", "tcp", or NULL */
    wxs_observation seen[WXS_SERVERS_MAX];
    size_t seen_count;
    const char *zone;     /* that the record is in, NULL if not found */
    const char *hosts[8]; /* some of its nameservers */
    size_t host_count;
} wxs_check_result;

/* One result for each record of the job, valid during the call; the check is
 * gone after it. results is NULL if memory was out. */
typedef void wxs_check_done(void *data, const wxs_check_result *results);

typedef struct wxs_check wxs_check;

/* Ends after WXS_CHECK_MS at the latest; done is called from the loop, never
 * from here. The job must stay until then. NULL if memory is out. */
wxs_check *wxs_check_start(wxs_loop *loop, const wxs_config *config,
                           const wxs_check_job *job, wxs_check_done *done,
                           void *data);
void wxs_check_cancel(wxs_check *check);

#endif
