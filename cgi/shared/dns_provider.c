#include "dns_provider.h"

#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

#include "embedded.h"

#define PATTERN_TEXT 128
#define HOST_TEXT    256

/* A line of the table: "id | short | name | pattern pattern". */
typedef struct {
    char id[sizeof(((wxs_dns_provider *)0)->id)];
    char form[8];
    char name[sizeof(((wxs_dns_provider *)0)->name)];
    const char *patterns; /* up to the end of the line */
} entry;

static const char *
table(void)
{
    const struct wxs_embedded *file;

    for (file = wxs_embedded_files; file->path != NULL; file++) {
        if (strcmp(file->path, "conf/dns-providers.txt") == 0)
            return file->data;
    }
    return "";
}

/* Copies the field up to "|" without blanks at its ends; what follows, or NULL
 * if the line has no more fields or the field is too long. */
static const char *
read_field(const char *line, char *field, size_t cap)
{
    size_t len = strcspn(line, "|\n");
    const char *next = line[len] == '|' ? line + len + 1 : NULL;

    while (len > 0 && line[0] == ' ') {
        line++;
        len--;
    }
    while (len > 0 && line[len - 1] == ' ')
        len--;
    if (next == NULL || len == 0 || len >= cap)
        return NULL;
    memcpy(field, line, len);
    field[len] = '\0';
    return next;
}

/* Reads the next entry and moves *text behind it; false at the end. */
static bool
next_entry(const char **text, entry *e)
{
    while (**text != '\0') {
        const char *at = *text;
        size_t len = strcspn(at, "\n");

        *text += len + (at[len] == '\n');
        if (*at == '#')
            continue;
        at = read_field(at, e->id, sizeof(e->id));
        if (at != NULL)
            at = read_field(at, e->form, sizeof(e->form));
        if (at != NULL)
            at = read_field(at, e->name, sizeof(e->name));
        e->patterns = at;
        if (at != NULL)
            return true;
    }
    return false;
}

static void
fill(const entry *e, wxs_dns_provider *provider)
{
    (void)snprintf(provider->id, sizeof(provider->id), "%s", e->id);
    (void)snprintf(provider->name, sizeof(provider->name), "%s", e->name);
    provider->full_names = strcmp(e->form, "full") == 0;
}

static bool
fits(const char *patterns, const char *host)
{
    char pattern[PATTERN_TEXT];

    for (;;) {
        size_t len;

        patterns += strspn(patterns, " ");
        len = strcspn(patterns, " \n");
        if (len == 0)
            return false;
        if (len < sizeof(pattern)) {
            memcpy(pattern, patterns, len);
            pattern[len] = '\0';
            if (fnmatch(pattern, host, FNM_NOESCAPE) == 0)
                return true;
        }
        patterns += len;
    }
}

bool
wxs_dns_provider_by_id(const char *id, wxs_dns_provider *provider)
{
    const char *text = table();
    entry e;

    while (id[0] != '\0' && next_entry(&text, &e)) {
        if (strcmp(e.id, id) == 0) {
            fill(&e, provider);
            return true;
        }
    }
    return false;
}

bool
wxs_dns_provider_by_host(const char *host, wxs_dns_provider *provider)
{
    const char *text = table();
    char name[HOST_TEXT];
    size_t len = strlen(host);
    entry e;

    if (len > 0 && host[len - 1] == '.')
        len--;
    if (len == 0 || len >= sizeof(name))
        return false;
    memcpy(name, host, len);
    name[len] = '\0';
    while (next_entry(&text, &e)) {
        if (fits(e.patterns, name)) {
            fill(&e, provider);
            return true;
        }
    }
    return false;
}
