#include "config.h"

#include <errno.h>
#include <ini.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config_value.h"
#include "log.h"

#define VALUE_MAX 2048

extern char **environ;

struct setting {
    const char *section;
    const char *key;
    const char *standard; /* value if none is given; NULL: found out */
    wxs_value_parser *parse;
    size_t offset; /* in wxs_config */
    wxs_value_bounds bounds;
    const char *allowed;
};

#define AT(field) offsetof(wxs_config, field)
#define SIZE(field)                                                            \
    {                                                                          \
        sizeof(((wxs_config *)0)->field), 0, 0                                 \
    }
#define ENDPOINT "an address and a port, as 127.0.0.1:8080 or [::1]:8080"
#define NETWORKS "up to 64 addresses or networks, as 10.0.0.0/8 2001:db8::/32"
#define NAMES    "names, in all at most 511 characters"
#define HOST     "a host name of at most 253 characters"
#define SECOND   INT64_C(1000)
#define MINUTE   (60 * SECOND)
#define HOUR     (60 * MINUTE)
#define DAY      (24 * HOUR)

/* clang-format off */
#define HOST_NAME(section, key, standard, field)                               \
    {section, key, standard, wxs_value_host, AT(field), SIZE(field), HOST}
#define REGION(i, name)                                                        \
    HOST_NAME("region." name, "spf_include", "_spf." name ".waxseal.example",  \
              region[i].spf_include),                                          \
    HOST_NAME("region." name, "bounce_mx", "bounce." name ".waxseal.example",  \
              region[i].bounce_mx),                                            \
    HOST_NAME("region." name, "tracking_target",                               \
              "links." name ".waxseal.example", region[i].tracking_target)
#define NETWORK_LIST(section, key, field)                                      \
    {section, key, "", wxs_value_networks, AT(field), {0}, NETWORKS}
#define NUMBER(section, key, standard, field, min, max)                        \
    {section, key, standard, wxs_value_integer, AT(field), {0, min, max},      \
     #min " to " #max}
#define YES_NO(section, key, standard, field)                                  \
    {section, key, standard, wxs_value_yes, AT(field), {0}, "yes or no"}
#define QUOTA(section, key, standard, field)                                   \
    {section, key, standard, wxs_value_rate, AT(field),                        \
     {0, SECOND, 365 * DAY},                                                   \
     "a number and a time, as 300/3h: at least 1, 1s to 365d"}
/* clang-format on */

static const char *const region_names[WXS_REGIONS] = {
    "us-east-1", "eu-west-1", "sa-east-1", "ap-northeast-1"};

static const struct setting settings[] = {
    {"api", "listen", "127.0.0.1:8080", wxs_value_listen, AT(api.listen),
     SIZE(api.listen), ENDPOINT},
    NUMBER("api", "rate_limit", "1000", api.rate_limit, 0, 1000000),
    {"admin", "key", "", wxs_value_key, AT(admin.key), SIZE(admin.key),
     "a key of 32 to 127 characters, or nothing"},
    {"logs",
     "retention",
     "30d",
     wxs_value_duration,
     AT(logs.retention_ms),
     {0, SECOND, 3650 * DAY},
     "1s to 3650d"},
    {"edge", "listen", "127.0.0.1:8081", wxs_value_listen, AT(edge.listen),
     SIZE(edge.listen), ENDPOINT},
    {"edge", "tls_listen", "127.0.0.1:8443", wxs_value_listen,
     AT(edge.tls_listen), SIZE(edge.tls_listen), ENDPOINT},
    {"edge",
     "public_scheme",
     "auto",
     wxs_value_scheme,
     AT(edge.public_scheme),
     {0},
     "auto, http or https"},
    NETWORK_LIST("edge", "trusted_proxies", edge.trusted_proxies),
    {"edge", "probe_ca_file", "", wxs_value_file, AT(edge.probe_ca_file),
     SIZE(edge.probe_ca_file), "an absolute path"},
    NETWORK_LIST("edge", "probe_networks", edge.probe_networks),
    {"dns",
     "resolver",
     NULL,
     wxs_value_resolver,
     AT(dns.resolver),
     {0},
     "an address and a port, as 127.0.0.1:53 or [::1]:53"},
    {"dns", "port", "53", wxs_value_port, AT(dns.port), {0}, "1 to 65535"},
    NETWORK_LIST("dns", "allow_ns", dns.allow_ns),
    {"dns",
     "mode",
     "authoritative",
     wxs_value_dns_mode,
     AT(dns.mode),
     {0},
     "authoritative or recursive"},
    NUMBER("dns", "ns_rate", "20", dns.ns_rate, 1, 1000000),
    NUMBER("dns", "ns_burst", "40", dns.ns_burst, 1, 1000000),
    NUMBER("dns", "ns_in_flight", "16", dns.ns_in_flight, 1, 1000000),
    {"verify",
     "window",
     "72h",
     wxs_value_duration,
     AT(verify.window_ms),
     {0, SECOND, 365 * DAY},
     "1s to 365d"},
    {"verify",
     "min_interval",
     "5s",
     wxs_value_duration,
     AT(verify.min_interval_ms),
     {0, 10, DAY},
     "10ms to 1d"},
    {"verify",
     "max_interval",
     "30m",
     wxs_value_duration,
     AT(verify.max_interval_ms),
     {0, 10, 30 * DAY},
     "10ms to 30d"},
    {"verify",
     "watch_interval",
     "12h",
     wxs_value_duration,
     AT(verify.watch_interval_ms),
     {0, 10, 30 * DAY},
     "10ms to 30d"},
    {"names", "allow_special", "example example.com example.net example.org",
     wxs_value_hosts, AT(names.allow_special), SIZE(names.allow_special),
     NAMES},
    {"names", "allow_suffixes", "", wxs_value_hosts, AT(names.allow_suffixes),
     SIZE(names.allow_suffixes), NAMES},
    {"names", "allow_freemail", "", wxs_value_hosts, AT(names.allow_freemail),
     SIZE(names.allow_freemail), NAMES},
    {"names", "refuse", "", wxs_value_hosts, AT(names.refuse),
     SIZE(names.refuse), NAMES},
    {"journal",
     "sync",
     "200ms",
     wxs_value_duration,
     AT(journal.sync_ms),
     {0, 1, MINUTE},
     "1ms to 1m"},
    {"messages",
     "keep_metadata",
     "90d",
     wxs_value_duration,
     AT(messages.keep_metadata_ms),
     {0, 0, INT64_C(3650) * DAY},
     "0s to 3650d"},
    {"events",
     "hold",
     "30s",
     wxs_value_duration,
     AT(events.hold_ms),
     {0, 0, DAY},
     "0s to 1d"},
    NUMBER("events", "partition_events", "4000000", events.partition_events, 1,
           100000000),
    {"events",
     "partition",
     "7d",
     wxs_value_duration,
     AT(events.partition_ms),
     {0, SECOND, 365 * DAY},
     "1s to 365d"},
    {"events",
     "retention",
     "0s",
     wxs_value_duration,
     AT(events.retention_ms),
     {0, 0, INT64_C(3650) * DAY},
     "0s (for ever) to 3650d"},
    {"events",
     "keep_rollups",
     "0s",
     wxs_value_duration,
     AT(events.keep_rollups_ms),
     {0, 0, INT64_C(3650) * DAY},
     "0s (for ever) to 3650d"},
    {"events", "networks", "", wxs_value_file, AT(events.networks),
     SIZE(events.networks), "an absolute path"},
    {"events", "geoip", "", wxs_value_file, AT(events.geoip),
     SIZE(events.geoip), "an absolute path"},
    {"acme", "directory", "", wxs_value_https, AT(acme.directory),
     SIZE(acme.directory), "an https URL"},
    {"acme", "email", "", wxs_value_email, AT(acme.email), SIZE(acme.email),
     "an email address"},
    {"acme", "ca", "", wxs_value_hosts, AT(acme.ca), SIZE(acme.ca),
     "a domain name"},
    {"acme", "ca_file", "", wxs_value_file, AT(acme.ca_file),
     SIZE(acme.ca_file), "an absolute path"},
    YES_NO("acme", "accept_terms", "no", acme.accept_terms),
    YES_NO("acme", "self_check", "yes", acme.self_check),
    QUOTA("acme", "order_limit", "300/3h", acme.order_limit),
    QUOTA("acme", "domain_limit", "50/7d", acme.domain_limit),
    QUOTA("acme", "failure_limit", "5/1h", acme.failure_limit),
    NUMBER("acme", "parallel", "4", acme.parallel, 1, 16),
    {"webhook",
     "verdicts",
     "human proxy unknown",
     wxs_value_verdicts,
     AT(webhook.verdicts),
     {0},
     "some of human, proxy, machine and unknown"},
    NETWORK_LIST("webhook", "allow_networks", webhook.allow_networks),
    {"webhook",
     "schedule",
     "0s 5s 5m 30m 2h 5h 10h 10h",
     wxs_value_schedule,
     AT(webhook.schedule),
     {sizeof(((wxs_config *)0)->webhook.schedule), 0, 30 * DAY},
     "durations of at most 30d, as 0s 5m 2h"},
    {"webhook",
     "timeout",
     "15s",
     wxs_value_duration,
     AT(webhook.timeout_ms),
     {0, 100, 5 * MINUTE},
     "100ms to 5m"},
    {"webhook",
     "disable_after",
     "5d",
     wxs_value_duration,
     AT(webhook.disable_after_ms),
     {0, SECOND, 365 * DAY},
     "1s to 365d"},
    {"webhook",
     "retention",
     "30d",
     wxs_value_duration,
     AT(webhook.retention_ms),
     {0, SECOND, 3650 * DAY},
     "1s to 3650d"},
    {"webhook", "ca_file", "", wxs_value_file, AT(webhook.ca_file),
     SIZE(webhook.ca_file), "an absolute path"},
    NUMBER("dkim", "pool", "16", dkim.pool, 1, 10000),
    {"dkim",
     "retire_after",
     "7d",
     wxs_value_duration,
     AT(dkim.retire_after_ms),
     {0, SECOND, 365 * DAY},
     "1s to 365d"},
    {"dkim", "zone", "", wxs_value_zone, AT(dkim.zone), SIZE(dkim.zone),
     "a name of at most 180 characters, or nothing"},
    REGION(0, "us-east-1"),
    REGION(1, "eu-west-1"),
    REGION(2, "sa-east-1"),
    REGION(3, "ap-northeast-1"),
};

#define SETTINGS (sizeof(settings) / sizeof(settings[0]))

/* What a file gives a setting, before it is read. */
struct given {
    bool is_given;
    unsigned line;
    char text[VALUE_MAX];
};

struct source {
    const char *path;
    FILE *stream;
    unsigned line;
    bool continues; /* the line carries on with the value before it */
    bool failed;
    struct given *given; /* of each setting */
    wxs_error *error;
};

static const struct setting *
find_setting(const char *section, const char *key)
{
    for (size_t i = 0; i < SETTINGS; i++) {
        if (strcmp(settings[i].section, section) == 0 &&
            strcmp(settings[i].key, key) == 0)
            return &settings[i];
    }
    return NULL;
}

static bool
known_section(const char *section)
{
    for (size_t i = 0; i < SETTINGS; i++) {
        if (strcmp(settings[i].section, section) == 0)
            return true;
    }
    return false;
}

static int
fail_line(struct source *source, const char *what, const char *detail)
{
    if (!source->failed)
        wxs_fail(source->error, "%s:%u: %s%.100s", source->path, source->line,
                 what, detail);
    source->failed = true;
    return 0;
}

/* Takes over a value, or the rest of one that goes on in an indented line. */
static int
on_value(void *user, const char *section, const char *key, const char *value)
{
    struct source *source = user;
    const struct setting *setting = find_setting(section, key);
    struct given *given;
    size_t used;

    if (source->failed)
        return 0;
    if (setting == NULL && !known_section(section))
        return fail_line(source, "there is no such section: ", section);
    if (setting == NULL)
        return fail_line(source, "this section has no such key: ", key);
    given = &source->given[setting - settings];
    if (given->is_given && !source->continues)
        return fail_line(source, "this key is given twice: ", key);
    used = given->is_given ? strlen(given->text) : 0;
    if (used + strlen(value) + 2 > sizeof(given->text))
        return fail_line(source, "this value is too long: ", key);
    if (used > 0)
        given->text[used++] = ' ';
    memcpy(given->text + used, value, strlen(value) + 1);
    given->is_given = true;
    given->line = source->line;
    return 1;
}

/* Gives inih a line; it would cut one that does not fit into two. */
static char *
read_line(char *line, int size, void *user)
{
    struct source *source = user;
    size_t len;

    if (source->failed || fgets(line, size, source->stream) == NULL)
        return NULL;
    source->line++;
    source->continues = line[0] == ' ' || line[0] == '\t';
    len = strlen(line);
    if (len + 1 == (size_t)size && line[len - 1] != '\n') {
        fail_line(source,
                  "this line is too long; a value may go on in "
                  "lines that begin with a blank",
                  "");
        return NULL;
    }
    return line;
}

static bool
read_file(const char *path, bool optional, struct given *given,
          wxs_error *error)
{
    struct source source = {.path = path, .given = given, .error = error};
    int rc;

    source.stream = fopen(path, "re");
    if (source.stream == NULL && optional && errno == ENOENT)
        return true;
    if (source.stream == NULL)
        return wxs_fail(error, "cannot read %s: %s", path, strerror(errno));
    rc = ini_parse_stream(read_line, &source, on_value, &source);
    if (ferror(source.stream) && !source.failed) {
        wxs_fail(error, "cannot read %s: %s", path, strerror(errno));
        source.failed = true;
    }
    fclose(source.stream);
    /* inih goes on behind a line that it cannot read */
    if (rc > 0 && (!source.failed || (unsigned)rc < source.line))
        return wxs_fail(error,
                        "%s:%d: this is neither [section], key = value nor a "
                        "comment",
                        path, rc);
    return !source.failed;
}

/* WAXSEAL_SECTION_KEY */
static void
environment_name(const struct setting *setting, char *name, size_t size)
{
    snprintf(name, size, "WAXSEAL_%s_%s", setting->section, setting->key);
    for (; *name != '\0'; name++) {
        if (*name >= 'a' && *name <= 'z')
            *name = (char)(*name - 'a' + 'A');
        else if (*name == '.' || *name == '-')
            *name = '_';
    }
}

static bool
known_variable(const char *name)
{
    static const char *const others[] = {"WAXSEAL_LOG", "WAXSEAL_API_KEY",
                                         "WAXSEAL_URL"};
    char known[100];

    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        if (strcmp(name, others[i]) == 0)
            return true;
    }
    for (size_t i = 0; i < SETTINGS; i++) {
        environment_name(&settings[i], known, sizeof(known));
        if (strcmp(name, known) == 0)
            return true;
    }
    return false;
}

static void
warn_of_unknown_variables(void)
{
    char name[100];

    for (char **entry = environ; *entry != NULL; entry++) {
        size_t len = strcspn(*entry, "=");
        if (strncmp(*entry, "WAXSEAL_", 8) != 0 || len >= sizeof(name))
            continue;
        memcpy(name, *entry, len);
        name[len] = '\0';
        if (!known_variable(name))
            wxs_log(WXS_LOG_WARN, "there is no setting of this name",
                    "variable", name, NULL);
    }
}

/* The first name server of resolv.conf, else one on this host. */
static void
system_resolver(char *text, size_t size)
{
    char line[256];
    char address[64];
    struct sockaddr_storage parsed;
    FILE *stream = fopen("/etc/resolv.conf", "re");

    snprintf(text, size, "127.0.0.1");
    if (stream == NULL)
        return;
    while (fgets(line, sizeof(line), stream) != NULL) {
        if (sscanf(line, " nameserver %63s", address) == 1 &&
            wxs_value_resolver(address, NULL, &parsed)) {
            snprintf(text, size, "%s", address);
            break;
        }
    }
    fclose(stream);
}

/* Copies text without the blanks at its ends; false if it is too long. */
static bool
trim(const char *text, char value[VALUE_MAX])
{
    size_t len;

    text += strspn(text, " \t\r\n");
    len = strlen(text);
    while (len > 0 && strchr(" \t\r\n", text[len - 1]) != NULL)
        len--;
    if (len >= VALUE_MAX)
        return false;
    memcpy(value, text, len);
    value[len] = '\0';
    return true;
}

/* Reads the setting from the environment, else the file, else its default. */
static bool
apply(wxs_config *config, const struct setting *setting,
      const struct given *given, const char *path, wxs_error *error)
{
    char name[100];
    char value[VALUE_MAX];
    char where[PATH_MAX + 20];
    const char *text;

    environment_name(setting, name, sizeof(name));
    text = getenv(name);
    if (text != NULL) {
        snprintf(where, sizeof(where), "%s", name);
    } else if (given->is_given) {
        text = given->text;
        snprintf(where, sizeof(where), "%s:%u", path, given->line);
    } else {
        text = setting->standard;
        snprintf(where, sizeof(where), "default");
    }
    if (text == NULL)
        system_resolver(value, sizeof(value));
    else if (!trim(text, value))
        return wxs_fail(error, "%s: the value is too long", where);
    if (setting->parse(value, &setting->bounds,
                       (char *)config + setting->offset))
        return true;
    return wxs_fail(error, "%.200s: %s.%s cannot be \"%.60s\"; allowed: %s",
                    where, setting->section, setting->key,
                    setting->parse == wxs_value_key ? "(not shown)" : value,
                    setting->allowed);
}

static bool
set_dir(wxs_config *config, const char *dir, wxs_error *error)
{
    char path[PATH_MAX];

    if (realpath(dir, path) == NULL)
        return wxs_fail(error, "cannot use the state directory %.200s: %s", dir,
                        strerror(errno));
    if (strlen(path) >= sizeof(config->dir))
        return wxs_fail(error, "the path of the state directory is too long");
    memcpy(config->dir, path, strlen(path) + 1);
    return true;
}

bool
wxs_config_load(wxs_config *config, const char *dir, const char *file,
                wxs_error *error)
{
    struct given *given = NULL;
    char path[PATH_MAX];
    bool ok = false;
    int size;

    memset(config, 0, sizeof(*config));
    if (!set_dir(config, dir, error))
        return false;
    size = file != NULL
               ? snprintf(path, sizeof(path), "%s", file)
               : snprintf(path, sizeof(path), "%s/waxseal.conf", config->dir);
    if (size < 0 || (size_t)size >= sizeof(path))
        return wxs_fail(error, "the path of the settings is too long");
    given = calloc(SETTINGS, sizeof(*given));
    if (given == NULL)
        return wxs_fail(error, "out of memory");
    if (!read_file(path, file == NULL, given, error))
        goto out;
    for (size_t i = 0; i < SETTINGS; i++) {
        if (!apply(config, &settings[i], &given[i], path, error))
            goto out;
    }
    if (config->verify.min_interval_ms > config->verify.max_interval_ms) {
        wxs_fail(error, "verify.min_interval is longer than "
                        "verify.max_interval");
        goto out;
    }
    for (size_t i = 0; i < WXS_REGIONS; i++)
        config->region[i].name = region_names[i];
    config->dns.resolver_len = config->dns.resolver.ss_family == AF_INET6
                                   ? sizeof(struct sockaddr_in6)
                                   : sizeof(struct sockaddr_in);
    warn_of_unknown_variables();
    ok = true;

out:
    free(given);
    return ok;
}

const wxs_region *
wxs_config_region(const wxs_config *config, const char *name)
{
    for (size_t i = 0; i < WXS_REGIONS; i++) {
        if (strcmp(config->region[i].name, name) == 0)
            return &config->region[i];
    }
    return NULL;
}

bool
wxs_config_path(const wxs_config *config, const char *name, char *path,
                size_t cap)
{
    int size = snprintf(path, cap, "%s/%s", config->dir, name);

    return size >= 0 && (size_t)size < cap;
}
