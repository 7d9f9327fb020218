/* rewrite_bench ROUNDS FILE... - how fast links get into HTML, in megabytes of
 * input a second of processor time on one core, as paired rounds: the library
 * that POST /messages uses; and, minting the same links, two other ways to do
 * it: a regular expression (PCRE2 with its JIT) and a parser that reads the
 * whole document and writes it anew (libxml2). A line a round. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <libxml/HTMLparser.h>
#include <libxml/HTMLtree.h>
#include <libxml/xpath.h>
#include <pcre2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "message.h"

#define FILES_MAX 64
#define ROUND_S   0.2 /* of processor time, for one way */

typedef struct {
    char *text;
    size_t len;
} document;

static document documents[FILES_MAX];
static size_t document_count;
static wxs_minter minter;
static wxs_config config;
static wxs_tracking_domain domain = {.number = 1, .host = "links.acme.example"};
static size_t links; /* that were minted */

static void
must(bool ok, const char *what)
{
    if (ok)
        return;
    (void)fprintf(stderr, "rewrite_bench: %s\n", what);
    exit(1);
}

static void
read_document(const char *path)
{
    document *d = &documents[document_count++];
    FILE *file = fopen(path, "rb");
    long size;

    must(file != NULL && fseek(file, 0, SEEK_END) == 0, path);
    size = ftell(file);
    rewind(file);
    d->text = malloc((size_t)size + 1);
    must(d->text != NULL &&
             fread(d->text, 1, (size_t)size, file) == (size_t)size,
         path);
    d->len = (size_t)size;
    d->text[d->len] = '\0';
    (void)fclose(file);
}

static void
make_minter(void)
{
    wxs_link_secret secret = {.current_key = 1};

    must(wxs_minter_init(&minter, &config, &domain, &secret,
                         (const uint8_t[16]){1}, WXS_MODE_FULL) == WXS_OK,
         "no minter");
}

/* 0: it is no destination */
static size_t
mint(const char *url, size_t len, char href[WXS_URL_MAX + 1])
{
    wxs_token token = {
        .type = WXS_TOKEN_CLICK,
        .link_index = (uint32_t)(links++ % 1000),
        .rest = url,
        .rest_len = len,
    };
    size_t href_len;

    return wxs_mint(&minter, &token, href, &href_len) == WXS_OK ? href_len : 0;
}

/* ---- ours ---- */

static void
rewrite_ours(const document *d)
{
    const wxs_rewriting how = {
        .config = &config,
        .domain = &domain,
        .minter = &minter,
        .clicks = true,
        .opens = true,
    };
    wxs_body body = {.is_html = true, .text = d->text, .len = d->len};
    wxs_rewritten result;
    wxs_error error;
    size_t len;
    char *out;

    must(wxs_rewrite(&how, &body, 1, &result, &error) == WXS_OK, "rewriting");
    out = wxs_message_body(&body, &len);
    must(out != NULL && len > d->len, "writing");
    links += result.count;
    free(out);
    wxs_rewritten_free(&result);
    wxs_body_free(&body);
}

/* ---- a regular expression ---- */

static pcre2_code *expression;
static pcre2_match_data *match;

static void
compile_expression(void)
{
    static const char pattern[] =
        "<a\\b[^>]*?\\bhref\\s*=\\s*[\"'](https?://[^\"']+)[\"']";
    int code;
    PCRE2_SIZE at;

    expression = pcre2_compile((PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED,
                               PCRE2_CASELESS, &code, &at, NULL);
    must(expression != NULL &&
             pcre2_jit_compile(expression, PCRE2_JIT_COMPLETE) == 0,
         "the expression");
    match = pcre2_match_data_create_from_pattern(expression, NULL);
}

static void
rewrite_regex(const document *d)
{
    const PCRE2_SIZE *span = pcre2_get_ovector_pointer(match);
    char href[WXS_URL_MAX + 1];
    wxs_buffer out = {0};
    size_t done = 0;

    while (pcre2_jit_match(expression, (PCRE2_SPTR)d->text, d->len, done, 0,
                           match, NULL) > 0) {
        const char *url = d->text + span[2];
        size_t len = mint(url, span[3] - span[2], href);

        wxs_buffer_add(&out, d->text + done, span[2] - done);
        wxs_buffer_add(&out, len > 0 ? href : url,
                       len > 0 ? len : span[3] - span[2]);
        done = span[3];
    }
    wxs_buffer_add(&out, d->text + done, d->len - done);
    must(!out.failed, "memory");
    wxs_buffer_free(&out);
}

/* ---- parse and serialise ---- */

static void
visit(xmlNode *node)
{
    char href[WXS_URL_MAX + 1];

    for (; node != NULL; node = node->next) {
        if (node->type == XML_ELEMENT_NODE &&
            strcmp((const char *)node->name, "a") == 0) {
            xmlChar *url = xmlGetProp(node, (const xmlChar *)"href");

            if (url != NULL && strncmp((const char *)url, "http", 4) == 0 &&
                mint((const char *)url, strlen((const char *)url), href) > 0)
                (void)xmlSetProp(node, (const xmlChar *)"href",
                                 (const xmlChar *)href);
            xmlFree(url);
        }
        visit(node->children);
    }
}

static void
rewrite_parsed(const document *d)
{
    htmlDocPtr parsed =
        htmlReadMemory(d->text, (int)d->len, NULL, "utf-8",
                       HTML_PARSE_NOERROR | HTML_PARSE_NOWARNING |
                           HTML_PARSE_NONET | HTML_PARSE_RECOVER);
    xmlChar *out = NULL;
    int len;

    must(parsed != NULL, "parsing");
    visit(xmlDocGetRootElement(parsed));
    htmlDocDumpMemory(parsed, &out, &len);
    must(out != NULL, "serialising");
    xmlFree(out);
    xmlFreeDoc(parsed);
}

/* ---- measuring ---- */

static double
cpu_seconds(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double
measure(void (*rewrite)(const document *))
{
    double start = cpu_seconds(), bytes = 0, spent;

    do {
        for (size_t i = 0; i < document_count; i++) {
            rewrite(&documents[i]);
            bytes += (double)documents[i].len;
        }
        spent = cpu_seconds() - start;
    } while (spent < ROUND_S);
    return bytes / spent / 1e6;
}

int
main(int argc, char **argv)
{
    int rounds = argc > 1 ? atoi(argv[1]) : 0;

    must(rounds > 0 && argc > 2 && argc - 2 <= FILES_MAX,
         "usage: rewrite_bench ROUNDS FILE...");
    for (int i = 2; i < argc; i++)
        read_document(argv[i]);
    make_minter();
    compile_expression();
    for (int i = 0; i < rounds; i++)
        (void)printf("library %.1f pcre2-jit %.1f libxml2 %.1f\n",
                     measure(rewrite_ours), measure(rewrite_regex),
                     measure(rewrite_parsed));
    return 0;
}
