#include "check.h"

/* The resolver is the operator's own, but what comes in a burst may overrun its
 * socket's buffer. Slow answers (of zones whose nameservers are dead) must not
 * be in the way of others, hence so many at a time. */
static const wxs_dns_limits resolver_limits = {
    .rate = 10000, .burst = 200, .in_flight = 2048};

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
    return checker->gate != NULL && checker->resolver_gate != NULL &&
           checker->cache != NULL;
}

void
wxs_checker_close(wxs_checker *checker)
{
    wxs_dns_cache_free(checker->cache);
    wxs_dns_gate_free(checker->resolver_gate);
    wxs_dns_gate_free(checker->gate);
    psl_free(checker->suffixes);
}
