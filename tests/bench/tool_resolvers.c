/* tool_resolvers THREADS PORT ADDRESS NAMES - the plain way to check domains: a
 * pool of threads, each with an ldns resolver of its own, asks for a domain's
 * five records one after the other. NAMES is a file of domains, one a line.
 * Prints "domains seconds cpu_seconds queries failed". */
#include <ldns/ldns.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#define NAMES_MAX   200000
#define THREADS_MAX 1024

static char *names[NAMES_MAX];
static size_t count;
static atomic_size_t next, queries, failed;
static uint16_t port;
static const char *address;

static const struct {
    const char *label;
    ldns_rr_type type;
} records[] = {{"wx1._domainkey", LDNS_RR_TYPE_TXT},
               {"send", LDNS_RR_TYPE_TXT},
               {"send", LDNS_RR_TYPE_MX},
               {"links", LDNS_RR_TYPE_CNAME},
               {"_dmarc", LDNS_RR_TYPE_TXT}};

static ldns_resolver *
make_resolver(void)
{
    ldns_resolver *resolver = ldns_resolver_new();
    ldns_rdf *server = ldns_rdf_new_frm_str(LDNS_RDF_TYPE_A, address);

    ldns_resolver_set_port(resolver, port);
    ldns_resolver_set_recursive(resolver, false);
    ldns_resolver_set_timeout(resolver,
                              (struct timeval){.tv_sec = 1, .tv_usec = 500000});
    ldns_resolver_set_retry(resolver, 3);
    if (ldns_resolver_push_nameserver(resolver, server) != LDNS_STATUS_OK) {
        exit(1);
    }
    ldns_rdf_deep_free(server);
    return resolver;
}

static bool
ask(ldns_resolver *resolver, const char *domain, size_t i)
{
    char text[300];
    ldns_rdf *name = NULL;
    ldns_pkt *answer = NULL;

    (void)snprintf(text, sizeof text, "%s.%s", records[i].label, domain);
    /* else one lost answer makes it give the server up for good */
    ldns_resolver_set_nameserver_rtt(resolver, 0, LDNS_RESOLV_RTT_MIN);
    bool ok =
        ldns_str2rdf_dname(&name, text) == LDNS_STATUS_OK &&
        ldns_resolver_query_status(&answer, resolver, name, records[i].type,
                                   LDNS_RR_CLASS_IN, 0) == LDNS_STATUS_OK &&
        ldns_pkt_ancount(answer) > 0;

    ldns_pkt_free(answer);
    ldns_rdf_deep_free(name);
    return ok;
}

static void *
work(void *data)
{
    ldns_resolver *resolver = make_resolver();
    size_t i;

    (void)data;
    while ((i = atomic_fetch_add(&next, 1)) < count) {
        for (size_t k = 0; k < sizeof records / sizeof *records; k++) {
            atomic_fetch_add(&queries, 1);
            if (!ask(resolver, names[i], k)) {
                atomic_fetch_add(&failed, 1);
            }
        }
    }
    ldns_resolver_deep_free(resolver);
    return NULL;
}

static void
read_names(const char *path)
{
    FILE *file = fopen(path, "r");
    char line[300];

    while (file != NULL && count < NAMES_MAX &&
           fgets(line, sizeof line, file) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        names[count++] = strdup(line);
    }
    if (file == NULL || count == 0) {
        fprintf(stderr, "tool_resolvers: no names in %s\n", path);
        exit(1);
    }
    fclose(file);
}

int
main(int argc, char **argv)
{
    pthread_t threads[THREADS_MAX];
    struct timespec start, end;
    struct rusage usage;

    if (argc != 5 || atoi(argv[1]) < 1 || atoi(argv[1]) > THREADS_MAX) {
        fprintf(stderr, "usage: tool_resolvers THREADS PORT ADDRESS NAMES\n");
        return 2;
    }
    port = (uint16_t)atoi(argv[2]);
    address = argv[3];
    read_names(argv[4]);
    clock_gettime(CLOCK_MONOTONIC, &start);
    for (int i = 0; i < atoi(argv[1]); i++) {
        if (pthread_create(&threads[i], NULL, work, NULL) != 0) {
            return 1;
        }
    }
    for (int i = 0; i < atoi(argv[1]); i++) {
        pthread_join(threads[i], NULL);
    }
    clock_gettime(CLOCK_MONOTONIC, &end);
    getrusage(RUSAGE_SELF, &usage);
    printf("%zu %.3f %.3f %zu %zu\n", count,
           (double)(end.tv_sec - start.tv_sec) +
               (double)(end.tv_nsec - start.tv_nsec) / 1e9,
           (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
               (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6,
           (size_t)queries, (size_t)failed);
    return 0;
}
