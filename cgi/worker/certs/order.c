#include "order.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "in_effect.h"
#include "key_request.h"
#include "log.h"
#include "self_check.h"

#define MINUTE      INT64_C(60000000)
#define DNS_PAUSE   (5 * MINUTE)  /* after DNS did not answer */
#define TABLE_PAUSE (MINUTE / 6)  /* for the lookup table to catch up */
#define LIMIT_PAUSE (60 * MINUTE) /* after the authority spoke of a limit */
#define CAA_PAUSE   (60 * MINUTE)
#define LOCAL_PAUSE (15 * MINUTE) /* after something here was in the way */
#define BLOCK_MAX   6             /* 1 minute doubled: 32 at most */

/* How an attempt ended, and whose fault it was. */
typedef struct {
    wxs_order_end end;
    enum {
        NOT_ASKED,  /* the authority does not know of it */
        ASKED,      /* it does, and the order failed */
        INVALIDATED /* it does, and the validation failed */
    } counted;
    bool stopped;
    char message[WXS_ACME_MESSAGE_TEXT];
} verdict;

static void
decide(verdict *v, const char *state, const char *code, int64_t next_at)
{
    v->end = (wxs_order_end){.state = state,
                             .code = code,
                             .message = v->message,
                             .counts = next_at == 0,
                             .next_at = next_at};
}

/* ---- before the authority is asked ---- */

static bool
allowed_by_caa(wxs_order_desk *desk, const wxs_order *order, verdict *v)
{
    const char *authority = desk->office->authority;
    wxs_caa_verdict caa;

    if (*authority == '\0')
        return true;
    wxs_lookup_caa(desk->lookup, order->host, authority, &caa);
    if (caa.result == WXS_CAA_ALLOWED ||
        (caa.result == WXS_CAA_UNKNOWN && caa.at[0] != '\0'))
        return true; /* bound to an account: the authority knows if to ours */
    (void)snprintf(v->message, sizeof v->message, "%s%s%s", caa.message,
                   caa.fix[0] != '\0' ? " " : "", caa.fix);
    if (caa.result == WXS_CAA_UNKNOWN)
        decide(v, "queued", "dns", wxs_now_us() + DNS_PAUSE);
    else
        decide(v, "caa_forbids", "caa_forbids", wxs_now_us() + CAA_PAUSE);
    return false;
}

/* nginx answers only for hosts in its table, which a host that was verified
 * this moment may not be in yet. */
static bool
known_to_nginx(wxs_order_desk *desk, verdict *v)
{
    wxs_error error = {"The lookup table does not have the host yet."};
    bool applied = false;

    if (wxs_in_effect(desk->db, desk->office->config->dir, &applied, &error) &&
        applied)
        return true;
    (void)snprintf(v->message, sizeof v->message, "%s", error.text);
    decide(v, "queued", "table", wxs_now_us() + TABLE_PAUSE);
    return false;
}

static bool
reached(wxs_order_desk *desk, const wxs_order *order, verdict *v)
{
    const wxs_fetcher fetcher = {.config = desk->office->config,
                                 .lookup = desk->lookup};

    if (!known_to_nginx(desk, v))
        return false;
    if (!desk->office->config->acme.self_check)
        return true;
    switch (wxs_self_check(&fetcher, false, order->host,
                           desk->office->thumbprint, v->message,
                           sizeof v->message)) {
    case WXS_REACHED:
        return true;
    case WXS_NOT_REACHED:
        decide(v, "failing", "not_reachable", 0);
        return false;
    case WXS_NOT_KNOWN:
        break;
    }
    decide(v, "queued", "dns", wxs_now_us() + DNS_PAUSE);
    return false;
}

/* ---- the authority ---- */

/* The authority has troubles of its own: nobody asks it for a while. */
static void
block(wxs_order_office *office, const wxs_acme_outcome *outcome, int64_t *until)
{
    int64_t now = wxs_now_us();

    (void)pthread_mutex_lock(&office->lock);
    if (office->blocked_until <= now) {
        office->blocked_until = now + (MINUTE << office->blocked_times);
        if (office->blocked_times < BLOCK_MAX - 1)
            office->blocked_times++;
        (void)snprintf(office->blocked_message, sizeof office->blocked_message,
                       "%s", outcome->message);
    }
    *until = office->blocked_until;
    (void)pthread_mutex_unlock(&office->lock);
}

/* It answers again: those who waited for that need not wait any longer. */
static void
unblock(wxs_order_desk *desk)
{
    wxs_order_office *office = desk->office;
    wxs_error error;
    bool was_blocked;

    (void)pthread_mutex_lock(&office->lock);
    was_blocked = office->blocked_times > 0;
    office->blocked_times = 0;
    office->blocked_until = 0;
    (void)pthread_mutex_unlock(&office->lock);
    if (was_blocked && !wxs_hosts_wake(desk->db, &error))
        wxs_log(WXS_LOG_ERROR, "orders cannot use the database", "reason",
                error.text, NULL);
}

static void
judge_outcome(wxs_order_office *office, const wxs_acme_outcome *outcome,
              verdict *v)
{
    int64_t now = wxs_now_us(), until;

    (void)snprintf(v->message, sizeof v->message, "%s", outcome->message);
    v->counted = NOT_ASKED;
    switch (outcome->end) {
    case WXS_ACME_UNREACHABLE:
        block(office, outcome, &until);
        decide(v, "queued", "ca_unreachable", until);
        break;
    case WXS_ACME_LIMITED:
        decide(v, "queued", "ca_limit", now + LIMIT_PAUSE);
        break;
    case WXS_ACME_STOPPED: /* the order is made anew after the start */
        v->stopped = true;
        break;
    case WXS_ACME_BROKEN:
        decide(v, "failing", outcome->code, now + LOCAL_PAUSE);
        break;
    default:
        v->counted = outcome->end == WXS_ACME_INVALID ? INVALIDATED : ASKED;
        decide(v, "failing", outcome->code, 0);
        break;
    }
}

static bool
is_blocked(const wxs_order_office *office, wxs_acme_outcome *outcome)
{
    if (office->blocked_until <= wxs_now_us())
        return false;
    outcome->end = WXS_ACME_UNREACHABLE;
    (void)snprintf(outcome->message, sizeof outcome->message, "%s",
                   office->blocked_message);
    return true;
}

static void
order_certificate(wxs_order_office *office, const wxs_order *order,
                  const char *request, wxs_acme_outcome *outcome)
{
    bool registered;

    (void)pthread_mutex_lock(&office->lock);
    if (!office->registered &&
        (order->forced || !is_blocked(office, outcome))) {
        wxs_acme_register(&office->client, outcome);
        office->registered = outcome->end == WXS_ACME_DONE;
    }
    registered = office->registered;
    (void)pthread_mutex_unlock(&office->lock);
    if (!registered)
        return;
    wxs_acme_issue(&office->client, request, outcome);
    if (outcome->end == WXS_ACME_NO_ACCOUNT) {
        (void)pthread_mutex_lock(&office->lock);
        office->registered = false;
        (void)pthread_mutex_unlock(&office->lock);
    }
}

/* A place that lost the account gets it again, once. */
static void
ask_authority(wxs_order_desk *desk, const wxs_order *order, const char *request,
              wxs_acme_outcome *outcome)
{
    order_certificate(desk->office, order, request, outcome);
    if (outcome->end == WXS_ACME_NO_ACCOUNT)
        order_certificate(desk->office, order, request, outcome);
    if (outcome->end != WXS_ACME_UNREACHABLE)
        unblock(desk);
}

typedef struct {
    char request[512];
    char certificate[512];
} order_files;

static bool
name_files(const wxs_order_desk *desk, order_files *files)
{
    const char *folder = desk->office->client.folder;
    int a = snprintf(files->request, sizeof files->request, "%s/orders/%d.csr",
                     folder, desk->number);
    int b = snprintf(files->certificate, sizeof files->certificate,
                     "%s/orders/%d-cert.pem", folder, desk->number);

    return a > 0 && a < (int)sizeof files->request && b > 0 &&
           b < (int)sizeof files->certificate;
}

static void
fail_locally(verdict *v, const wxs_error *error)
{
    (void)snprintf(v->message, sizeof v->message, "%s", error->text);
    decide(v, "failing", "local", wxs_now_us() + LOCAL_PAUSE);
}

/* True with the chain filled, or false with the verdict. */
static bool
obtain(wxs_order_desk *desk, const wxs_order *order, wxs_chain_file *chain,
       verdict *v)
{
    wxs_acme_outcome outcome = {.end = WXS_ACME_BROKEN};
    EVP_PKEY *key = NULL;
    order_files files;
    wxs_error error = {"the path of the state directory is too long"};
    bool ok = name_files(desk, &files);

    if (ok) {
        (void)unlink(files.certificate);
        key = wxs_key_request(order->host, files.request, &error);
    }
    if (key == NULL) {
        fail_locally(v, &error);
        return false;
    }
    ask_authority(desk, order, files.request, &outcome);
    if (outcome.end != WXS_ACME_DONE) {
        judge_outcome(desk->office, &outcome, v);
        ok = false;
    } else if (!wxs_chain_read(files.certificate, key, order->host,
                               wxs_now_us(), chain, &error)) {
        fail_locally(v, &error);
        v->counted = ASKED;
        ok = false;
    }
    EVP_PKEY_free(key);
    (void)unlink(files.request);
    (void)unlink(files.certificate);
    return ok;
}

/* ---- the outcome ---- */

static bool
settle_limits(wxs_order_desk *desk, const wxs_order *order, const verdict *v,
              wxs_error *error)
{
    const wxs_config *config = desk->office->config;
    const wxs_limit_subject subject = {
        .host = order->host,
        .registered = wxs_limit_registered(desk->office->suffixes, order->host),
        .is_first = order->is_first};
    int64_t now = wxs_now_us();

    if (v->counted == NOT_ASKED &&
        !wxs_limits_return(desk->db, config, &subject, now, error))
        return false;
    if (v->counted != NOT_ASKED &&
        !wxs_limits_failed(desk->db, config, &subject,
                           v->counted == INVALIDATED, now, error))
        return false;
    return v->end.code == NULL || strcmp(v->end.code, "ca_limit") != 0 ||
           wxs_limits_exhaust(desk->db, config, v->end.next_at, error);
}

static bool
write_down(wxs_order_desk *desk, const wxs_order *order, const verdict *v,
           wxs_error *error)
{
    if (!wxs_db_begin(desk->db, error))
        return false;
    if (settle_limits(desk, order, v, error) &&
        wxs_hosts_ended(desk->db, order, &v->end, wxs_now_us(), error) &&
        wxs_db_commit(desk->db, error)) {
        wxs_log(WXS_LOG_WARN, "no certificate", "host", order->host, "state",
                v->end.state, "code", v->end.code == NULL ? "" : v->end.code,
                "reason", v->end.message, NULL);
        return true;
    }
    wxs_db_rollback(desk->db);
    return false;
}

bool
wxs_order_give_up(wxs_order_desk *desk, const wxs_order *order,
                  const wxs_error *reason, wxs_error *error)
{
    verdict v = {.counted = ASKED};

    fail_locally(&v, reason);
    return write_down(desk, order, &v, error);
}

bool
wxs_order_make(wxs_order_desk *desk, const wxs_order *order, wxs_error *error)
{
    verdict v = {.counted = NOT_ASKED};
    wxs_chain_file *chain = malloc(sizeof *chain);
    bool ok;

    if (chain == NULL)
        return wxs_fail(error, "out of memory");
    if (allowed_by_caa(desk, order, &v) && reached(desk, order, &v) &&
        obtain(desk, order, chain, &v)) {
        ok = wxs_issued_put(&desk->issued, order, chain, wxs_now_us(), error);
        if (ok)
            wxs_log(WXS_LOG_INFO, "certificate issued", "host", order->host,
                    NULL);
    } else {
        ok = v.stopped || write_down(desk, order, &v, error);
    }
    OPENSSL_cleanse(chain, sizeof *chain);
    free(chain);
    return ok;
}
