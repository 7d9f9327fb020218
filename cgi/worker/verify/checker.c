#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "log.h"

/* The resolver is the operator's own, but what comes in a burst may overrun its
 * socket's buffer, or be more than it can do in time. Slow answers (of zones
 * whose nameservers are dead) must not be in the way of others, hence so many
 * at a time. */
static const wxs_dns_limits resolver_limits = {
    .rate = 10000, .burst = 200, .in_flight = 2048, .at_first = 256};

/* Without a sound list of the operator's there is still that of the program:
 * what it is good for is words of explanation. */
static void
load_landmarks(wxs_landmarks *landmarks, const char *dir)
{
    wxs_error error = {""};

    if (!wxs_landmarks_load(dir, landmarks, &error)) {
        wxs_log(WXS_LOG_ERROR, "landmarks.txt is not used", "error", error.text,
                NULL);
        (void)wxs_landmarks_builtin(landmarks, &error);
    }
}

void
wxs_checker_authority(const wxs_config *config, char authority[254])
{
    const char *name = config->acme.ca[0] != '\0'
                           ? config->acme.ca
                           : wxs_caa_authority(config->acme.directory);

    (void)snprintf(authority, 254, "%.*s",
                   name == NULL ? 0 : (int)strcspn(name, " "),
                   name == NULL ? "" : name);
}

bool
wxs_checker_open(wxs_checker *checker)
{
    const wxs_config *config = checker->config;
    const wxs_dns_limits limits = {.rate = config->dns.ns_rate,
                                   .burst = config->dns.ns_burst,
                                   .in_flight = config->dns.ns_in_flight};

    checker->gate = wxs_dns_gate_new(checker->loop, &limits);
    checker->resolver_gate = wxs_dns_gate_new(checker->loop, &resolver_limits);
    const wxs_dns_resolver resolver = {.address = &config->dns.resolver,
                                       .length = config->dns.resolver_len,
                                       .gate = checker->resolver_gate};

    checker->cache = wxs_dns_cache_new(checker->loop, &resolver);
    checker->suffixes = psl_latest(NULL); /* without it one hint is missing */
    checker->landmarks = calloc(1, sizeof *checker->landmarks);
    if (checker->landmarks != NULL) {
        load_landmarks(checker->landmarks, config->dir);
    }
    wxs_checker_authority(config, checker->authority);
    return checker->landmarks != NULL && checker->gate != NULL &&
           checker->resolver_gate != NULL && checker->cache != NULL;
}

void
wxs_checker_close(wxs_checker *checker)
{
    wxs_dns_cache_free(checker->cache);
    wxs_dns_gate_free(checker->resolver_gate);
    wxs_dns_gate_free(checker->gate);
    psl_free(checker->suffixes);
    free(checker->landmarks);
}
