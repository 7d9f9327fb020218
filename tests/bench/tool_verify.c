/* tool_verify AT_ONCE VERIFIED RESOLVER_PORT NS_PORT NAMES - checks domains
 * with the worker's engine, without its database; VERIFIED 1: as domains that
 * were verified before, which need no second answer. NAMES is a file of
 * domains, one a line; those that begin with "x" have dead nameservers. Prints
 * "domains seconds cpu_seconds queries good live_seconds": good ones have all
 * of DKIM, SPF and MX right; live_seconds is when the last of the others was
 * done. */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "check.h"
#include "clock.h"

#define NAMES_MAX 200000
#define RECORDS   5

typedef struct {
    wxs_check_job job;
    char text[RECORDS][300];
} task;

static char *names[NAMES_MAX];
static size_t count, next, done, good;
static wxs_checker checker;
static int verified;
static int64_t last_live;

static const struct {
    const char *label;
    wxs_record_kind kind;
    const char *value;
} records[RECORDS] = {
    {"wx1._domainkey", WXS_RECORD_DKIM, NULL},
    {"send", WXS_RECORD_SPF, "v=spf1 include:_spf.waxseal.example ~all"},
    {"send", WXS_RECORD_MX, "bounce.waxseal.example"},
    {"links", WXS_RECORD_TRACKING, "links.waxseal.example"},
    {"_dmarc", WXS_RECORD_DMARC, "v=DMARC1; p=none;"}};

static char key[600];

static void start_next(void);

static void
on_done(void *data, wxs_check *check, const wxs_check_result *results)
{
    task *t = data;
    int right = results != NULL;

    for (size_t i = 0; i < 3 && right; i++) {
        right = wxs_class_good(results[i].verdict.class);
    }
    good += (size_t)right;
    if (t->job.domain[0] != 'x') {
        last_live = wxs_monotonic_ms();
    }
    wxs_check_free(check);
    free(t);
    if (++done == count) {
        wxs_loop_stop(checker.loop);
    }
    start_next();
}

static void
start_next(void)
{
    if (next == count) {
        return;
    }
    task *t = calloc(1, sizeof *t);

    if (t == NULL) {
        abort();
    }
    t->job.domain = names[next++];
    t->job.count = RECORDS;
    for (size_t i = 0; i < RECORDS; i++) {
        (void)snprintf(t->text[i], sizeof t->text[i], "%s.%s", records[i].label,
                       t->job.domain);
        t->job.record[i] = (wxs_expected){
            .kind = records[i].kind,
            .fqdn = t->text[i],
            .value = records[i].value == NULL ? key : records[i].value,
            .priority = 10};
        t->job.verified[i] = verified != 0;
    }
    if (wxs_check_start(&checker, &t->job, on_done, t) == NULL) {
        abort();
    }
}

static void
read_names(const char *path)
{
    FILE *file = fopen(path, "r");
    char line[600];

    /* the first line is the DKIM record */
    if (file == NULL || fgets(key, sizeof key, file) == NULL) {
        fprintf(stderr, "tool_verify: no names in %s\n", path);
        exit(1);
    }
    key[strcspn(key, "\n")] = '\0';
    while (count < NAMES_MAX && fgets(line, sizeof line, file) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        names[count++] = strdup(line);
    }
    fclose(file);
}

static void
set_up(wxs_config *config, const char *resolver_port, const char *ns_port)
{
    struct sockaddr_in *resolver = (struct sockaddr_in *)&config->dns.resolver;
    wxs_error error;

    resolver->sin_family = AF_INET;
    resolver->sin_port = htons((uint16_t)atoi(resolver_port));
    resolver->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    config->dns.resolver_len = sizeof *resolver;
    config->dns.ns_rate = 1000000;
    config->dns.ns_burst = 1000000;
    config->dns.ns_in_flight = 1000; /* what NSD has room for */
    config->dns.port = (uint16_t)atoi(ns_port);
    config->dns.allow_ns.count = 1; /* 127.0.0.0/8 */
    config->dns.allow_ns.item[0].prefix = 104;
    memcpy(config->dns.allow_ns.item[0].address.s6_addr,
           "\0\0\0\0\0\0\0\0\0\0\xff\xff\x7f", 13);
    checker.config = config;
    checker.loop = wxs_loop_new(&error);
    if (checker.loop == NULL || !wxs_checker_open(&checker)) {
        abort();
    }
}

int
main(int argc, char **argv)
{
    static wxs_config config;
    struct rlimit limit;
    struct rusage usage;
    wxs_error error;

    if (argc != 6) {
        fprintf(stderr, "usage: tool_verify AT_ONCE VERIFIED RESOLVER_PORT "
                        "NS_PORT NAMES\n");
        return 2;
    }
    verified = atoi(argv[2]);
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
    read_names(argv[5]);
    set_up(&config, argv[3], argv[4]);

    int64_t start = wxs_monotonic_ms();

    for (int i = 0; i < atoi(argv[1]); i++) {
        start_next();
    }
    if (!wxs_loop_run(checker.loop, &error)) {
        fprintf(stderr, "tool_verify: %s\n", error.text);
        return 1;
    }
    int64_t end = wxs_monotonic_ms();

    getrusage(RUSAGE_SELF, &usage);
    printf("%zu %.3f %.3f %lu %zu %.3f\n", count, (double)(end - start) / 1e3,
           (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
               (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6,
           wxs_dns_gate_passed(checker.gate) +
               wxs_dns_cache_asked(checker.cache),
           good, (double)(last_live - start) / 1e3);
    wxs_checker_close(&checker);
    wxs_loop_free(checker.loop);
    return 0;
}
