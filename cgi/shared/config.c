#include "config.h"

#include <errno.h>
#include <ini.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config_table.h"
#include "config_value.h"
#include "log.h"

#define VALUE_MAX 2048

extern char **environ;

static const char *const region_names[WXS_REGIONS] = {
    "us-east-1", "eu-west-1", "sa-east-1", "ap-northeast-1"};

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

static const wxs_setting *
find_setting(const char *section, const char *key)
{
    for (size_t i = 0; i < wxs_settings_count; i++) {
        if (strcmp(wxs_settings[i].section, section) == 0 &&
            strcmp(wxs_settings[i].key, key) == 0)
            return &wxs_settings[i];
    }
    return NULL;
}

static bool
known_section(const char *section)
{
    for (size_t i = 0; i < wxs_settings_count; i++) {
        if (strcmp(wxs_settings[i].section, section) == 0)
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
    const wxs_setting *setting = find_setting(section, key);
    struct given *given;
    size_t used;

    if (source->failed)
        return 0;
    if (setting == NULL && !known_section(section))
        return fail_line(source, "there is no such section: ", section);
    if (setting == NULL)
        return fail_line(source, "this section has no such key: ", key);
    given = &source->given[setting - wxs_settings];
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
environment_name(const wxs_setting *setting, char *name, size_t size)
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
    for (size_t i = 0; i < wxs_settings_count; i++) {
        environment_name(&wxs_settings[i], known, sizeof(known));
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
apply(wxs_config *config, const wxs_setting *setting, const struct given *given,
      const char *path, wxs_error *error)
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
    given = calloc(wxs_settings_count, sizeof(*given));
    if (given == NULL)
        return wxs_fail(error, "out of memory");
    if (!read_file(path, file == NULL, given, error))
        goto out;
    for (size_t i = 0; i < wxs_settings_count; i++) {
        if (!apply(config, &wxs_settings[i], &given[i], path, error))
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
