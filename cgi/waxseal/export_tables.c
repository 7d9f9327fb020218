#include "export_tables.h"

#include <string.h>

#include "output.h"

bool
wxs_export_signs(const json_t *key)
{
    return json_is_true(json_object_get(key, "signs"));
}

bool
wxs_export_is_ed25519(const json_t *key)
{
    return strcmp(wxs_json_text(key, "algorithm", ""), "ed25519") == 0;
}

const char *
wxs_export_key_text(wxs_export_format format, const json_t *key)
{
    bool raw = format == WXS_EXPORT_RSPAMD && wxs_export_is_ed25519(key);

    return wxs_json_text(key, raw ? "raw" : "pem", "");
}

/* ---- opendkim (opendkim.conf(5)): signs with one RSA key ---- */

static void
print_key_table(FILE *out, const wxs_export_source *from)
{
    const json_t *key;
    size_t i;

    json_array_foreach(from->keys, i, key)
    {
        const char *domain = wxs_json_text(key, "domain", "");
        const char *selector = wxs_json_text(key, "selector", "");

        if (wxs_export_signs(key))
            (void)fprintf(
                out, "%s._domainkey.%s %s:%s:%s/keys/%s/%s" WXS_KEY_SUFFIX "\n",
                selector, domain, domain, selector, from->folder, domain,
                selector);
    }
}

/* The first line that fits is taken. */
static void
print_signing_table(FILE *out, const wxs_export_source *from)
{
    const json_t *key;
    size_t i;

    json_array_foreach(from->keys, i, key)
    {
        const char *domain = wxs_json_text(key, "domain", "");
        const char *selector = wxs_json_text(key, "selector", "");

        if (wxs_export_signs(key))
            (void)fprintf(out,
                          "*@%s %s._domainkey.%s\n"
                          "*@*.%s %s._domainkey.%s\n",
                          domain, selector, domain, domain, selector, domain);
    }
}

/* ---- rspamd: the selector is found in a map, the key by its path ---- */

static void
print_selector_map(FILE *out, const wxs_export_source *from)
{
    const json_t *key;
    size_t i;

    json_array_foreach(from->keys, i, key)
    {
        if (wxs_export_signs(key) && !wxs_export_is_ed25519(key))
            (void)fprintf(out, "%s %s\n", wxs_json_text(key, "domain", ""),
                          wxs_json_text(key, "selector", ""));
    }
}

/* A map names one selector for a domain. Those that sign twice stand in the
 * configuration, which is read when rspamd starts or reloads. */
static void
print_rspamd_selectors(FILE *out, const wxs_export_source *from,
                       const char *domain)
{
    const json_t *key;
    size_t i;

    (void)fprintf(out, "  \"%s\" {\n    selectors [\n", domain);
    json_array_foreach(from->keys, i, key)
    {
        const char *selector = wxs_json_text(key, "selector", "");

        if (wxs_export_signs(key) &&
            strcmp(wxs_json_text(key, "domain", ""), domain) == 0)
            (void)fprintf(out,
                          "      { selector = \"%s\"; path = "
                          "\"%s/keys/%s/%s" WXS_KEY_SUFFIX "\"; },\n",
                          selector, from->folder, domain, selector);
    }
    (void)fputs("    ]\n  }\n", out);
}

static void
print_rspamd_domains(FILE *out, const wxs_export_source *from)
{
    const char *last = "";
    const json_t *key;
    size_t i;

    json_array_foreach(from->keys, i, key)
    {
        const char *domain = wxs_json_text(key, "domain", "");

        if (!wxs_export_signs(key) || !wxs_export_is_ed25519(key) ||
            strcmp(domain, last) == 0)
            continue;
        (void)fputs(last[0] == '\0' ? "domain {\n" : "", out);
        print_rspamd_selectors(out, from, domain);
        last = domain;
    }
    (void)fputs(last[0] == '\0' ? "" : "}\n", out);
}

static void
print_rspamd_conf(FILE *out, const wxs_export_source *from)
{
    (void)fprintf(out,
                  "# for local.d/dkim_signing.conf: .include \"%s/"
                  "dkim_signing.conf\"\n"
                  "path = \"%s/keys/$domain/$selector" WXS_KEY_SUFFIX "\";\n"
                  "selector_map = \"%s/selectors.map\";\n"
                  "use_esld = false;\n"
                  "try_fallback = false;\n",
                  from->folder, from->folder, from->folder);
    print_rspamd_domains(out, from);
}

/* ---- exim: lsearch files (spec.txt, chapters 9 and 58) ---- */

/* "domain: selector:selector"; Exim signs once for each. */
static void
print_exim_selectors(FILE *out, const wxs_export_source *from)
{
    const char *last = "";
    const json_t *key;
    size_t i;

    json_array_foreach(from->keys, i, key)
    {
        const char *domain = wxs_json_text(key, "domain", "");
        const char *selector = wxs_json_text(key, "selector", "");

        if (!wxs_export_signs(key))
            continue;
        if (strcmp(domain, last) == 0)
            (void)fprintf(out, ":%s", selector);
        else
            (void)fprintf(out, "%s%s: %s", last[0] == '\0' ? "" : "\n", domain,
                          selector);
        last = domain;
    }
    (void)fputs(last[0] == '\0' ? "" : "\n", out);
}

/* For partial0-lsearch: "*.example.com: example.com" and the domain itself. */
static void
print_exim_domains(FILE *out, const wxs_export_source *from)
{
    const char *last = "";
    const json_t *key;
    size_t i;

    json_array_foreach(from->keys, i, key)
    {
        const char *domain = wxs_json_text(key, "domain", "");

        if (wxs_export_signs(key) && strcmp(domain, last) != 0)
            (void)fprintf(out, "%s: %s\n*.%s: %s\n", domain, domain, domain,
                          domain);
        last = wxs_export_signs(key) ? domain : last;
    }
}

static void
print_exim_conf(FILE *out, const wxs_export_source *from)
{
    (void)fprintf(
        out,
        "# for the remote_smtp transport: .include %s/dkim.conf\n"
        "dkim_domain = ${lookup{${lc:${domain:$h_from:}}}"
        "partial0-lsearch{%s/domains}{$value}}\n"
        "dkim_selector = ${lookup{$dkim_domain}lsearch{%s/selectors}{$value}}\n"
        "dkim_private_key = %s/keys/$dkim_domain/$dkim_selector" WXS_KEY_SUFFIX
        "\n",
        from->folder, from->folder, from->folder, from->folder);
}

/* ---- the formats ---- */

/* In the order in which they are written. */
static const struct {
    const char *word;
    bool rsa_only; /* signs once, with the key that every receiver knows */
    wxs_export_table tables[4];
} formats[] = {
    [WXS_EXPORT_OPENDKIM] = {"opendkim",
                             true,
                             {{"/KeyTable", print_key_table},
                              {"/SigningTable", print_signing_table}}},
    [WXS_EXPORT_RSPAMD] = {"rspamd",
                           false,
                           {{"/selectors.map", print_selector_map},
                            {"/dkim_signing.conf", print_rspamd_conf}}},
    [WXS_EXPORT_EXIM] = {"exim",
                         false,
                         {{"/selectors", print_exim_selectors},
                          {"/domains", print_exim_domains},
                          {"/dkim.conf", print_exim_conf}}},
    [WXS_EXPORT_FILES] = {"files", false, {{0}}},
};

bool
wxs_export_format_parse(const char *word, wxs_export_format *format)
{
    for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
        if (strcmp(word, formats[i].word) == 0) {
            *format = (wxs_export_format)i;
            return true;
        }
    }
    return false;
}

bool
wxs_export_rsa_only(wxs_export_format format)
{
    return formats[format].rsa_only;
}

const wxs_export_table *
wxs_export_tables(wxs_export_format format)
{
    return formats[format].tables;
}
