#include "nginx_conf.h"

#include <arpa/inet.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "file.h"

#define REGION "us-east-1"

typedef struct {
    const wxs_config *config;
    const char *module;
    int workers;
} source;

/* May the path stand between double quotes? nginx has no way to write "$" in
 * directives that take variables, and include takes patterns. */
static bool
path_check(const char *path, wxs_error *error)
{
    for (const char *c = path; *c != '\0'; c++) {
        if ((unsigned char)*c < 0x20 || *c == 0x7f ||
            strchr("\"\\$*?[", *c) != NULL)
            return wxs_fail(error,
                            "nginx cannot use the path %s because of byte "
                            "0x%02x in it: choose another folder",
                            path, (unsigned char)*c);
    }
    return true;
}

/* "10.0.0.0/8" */
static bool
network_write(FILE *out, const wxs_network *network)
{
    char text[INET6_ADDRSTRLEN];
    bool v4 = IN6_IS_ADDR_V4MAPPED(&network->address) && network->prefix >= 96;
    const uint8_t *bytes = network->address.s6_addr;

    if (inet_ntop(v4 ? AF_INET : AF_INET6, v4 ? bytes + 12 : bytes, text,
                  sizeof(text)) == NULL)
        return false;
    return fprintf(out, "%s/%d", text, network->prefix - (v4 ? 96 : 0)) > 0;
}

static bool
networks_write(FILE *out, const wxs_networks *networks, const char *before,
               const char *after)
{
    for (size_t i = 0; i < networks->count; i++) {
        if (fputs(before, out) < 0 || !network_write(out, &networks->item[i]) ||
            fputs(after, out) < 0)
            return false;
    }
    return true;
}

static bool
realip_write(FILE *out, const wxs_networks *networks)
{
    if (networks->count == 0)
        return true;
    return networks_write(out, networks, "        set_real_ip_from ", ";\n") &&
           fputs("        real_ip_header X-Forwarded-For;\n"
                 "        real_ip_recursive on;\n",
                 out) >= 0;
}

/* What an answer tells that no program has made: that there is nothing to be
 * had in this second. */
static bool
rate_headers_write(FILE *out, int limit)
{
    return limit <= 0 ||
           fprintf(out,
                   "            add_header ratelimit-limit %d always;\n"
                   "            add_header ratelimit-policy \"%d;w=1\" "
                   "always;\n"
                   "            add_header ratelimit-remaining 0 always;\n"
                   "            add_header ratelimit-reset 1 always;\n",
                   limit, limit) > 0;
}

/* The names that regions give to customers' records, of those that are set. */
static bool
default_hosts_write(FILE *out, const wxs_config *config)
{
    bool first = true;

    for (size_t i = 0; i < WXS_REGIONS; i++) {
        const char *host = config->region[i].tracking_target;

        if (host[0] == '\0')
            continue;
        if (fprintf(out, "%s \"%s\"", first ? "    waxseal_default_host" : "",
                    host) < 0)
            return false;
        first = false;
    }
    return first || fputs(";\n", out) >= 0;
}

static bool
name_is(const char *name, size_t len, const char *word)
{
    return len == strlen(word) && memcmp(name, word, len) == 0;
}

/* Writes what the placeholder stands for; false if there is none such. */
static bool
value_write(FILE *out, const char *name, size_t len, const source *from)
{
    const wxs_config *config = from->config;
    const wxs_networks *trusted = &config->edge.trusted_proxies;

    if (name_is(name, len, "MODULE"))
        return fputs(from->module, out) >= 0;
    if (name_is(name, len, "WORKERS"))
        return fprintf(out, "%d", from->workers) > 0;
    if (name_is(name, len, "DIR"))
        return fputs(config->dir, out) >= 0;
    if (name_is(name, len, "EDGE_LISTEN"))
        return fputs(config->edge.listen, out) >= 0;
    if (name_is(name, len, "EDGE_TLS_LISTEN"))
        return fputs(config->edge.tls_listen, out) >= 0;
    if (name_is(name, len, "API_LISTEN"))
        return fputs(config->api.listen, out) >= 0;
    if (name_is(name, len, "REGION"))
        return fputs(REGION, out) >= 0;
    if (name_is(name, len, "RATE_HEADERS"))
        return rate_headers_write(out, config->api.rate_limit);
    if (name_is(name, len, "DEFAULT_HOSTS"))
        return default_hosts_write(out, config);
    if (name_is(name, len, "TRUSTED_GEO"))
        return networks_write(out, trusted, "        ", " 1;\n");
    if (name_is(name, len, "TRUSTED_REALIP"))
        return realip_write(out, trusted);
    return false;
}

/* Length of the placeholder's name if text, behind an "@", is one; else 0: the
 * templates have named locations (@timeout), too. */
static size_t
placeholder_len(const char *text)
{
    size_t len = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_");

    return text[len] == '@' ? len : 0;
}

static bool
template_write(FILE *out, const char *text, const source *from,
               wxs_error *error)
{
    for (;;) {
        const char *at = strchrnul(text, '@');
        size_t plain = (size_t)(at - text);
        if (plain > 0 && fwrite(text, 1, plain, out) != plain)
            return wxs_fail(error, "out of memory");
        if (*at == '\0')
            return true;
        size_t len = placeholder_len(at + 1);
        text = at + 1 + (len > 0 ? len + 1 : 0);
        if (len == 0 && fputc('@', out) == EOF)
            return wxs_fail(error, "out of memory");
        if (len > 0 && !value_write(out, at + 1, len, from))
            return wxs_fail(error, "the template's @%.*s@ cannot be filled",
                            (int)len, at + 1);
    }
}

char *
wxs_nginx_conf_make(const char *text, const wxs_config *config,
                    const char *module, int workers, wxs_error *error)
{
    source from = {.config = config, .module = module, .workers = workers};
    char *made = NULL;
    size_t size = 0;

    if (!path_check(config->dir, error) || !path_check(module, error))
        return NULL;
    FILE *out = open_memstream(&made, &size);
    if (out == NULL) {
        (void)wxs_fail(error, "out of memory");
        return NULL;
    }
    bool ok = template_write(out, text, &from, error);
    if (fclose(out) != 0 && ok)
        ok = wxs_fail(error, "out of memory");
    if (!ok) {
        free(made);
        made = NULL;
    }
    return made;
}

static bool
conf_write(const wxs_config *config, const char *from, const char *name,
           const char *module, int workers, wxs_error *error)
{
    char path[PATH_MAX];
    const char *text = wxs_embedded_text(from, error);

    if (text == NULL ||
        !wxs_path_join(path, sizeof(path), config->dir, name, error))
        return false;
    char *made = wxs_nginx_conf_make(text, config, module, workers, error);
    if (made == NULL)
        return false;
    bool ok =
        wxs_file_write(path, made, strlen(made), 0640, WXS_FILE_REPLACE, error);
    free(made);
    return ok;
}

bool
wxs_nginx_conf_write(const wxs_config *config, const char *module, int workers,
                     wxs_error *error)
{
    return conf_write(config, "conf/fastcgi.conf.in", "/run/fastcgi.conf",
                      module, workers, error) &&
           conf_write(config, "conf/nginx.conf.in", "/run/nginx.conf", module,
                      workers, error);
}
