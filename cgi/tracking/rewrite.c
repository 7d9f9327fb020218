#include "rewrite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "html_links.h"
#include "own_link.h"
#include "table_links.h"

#define PIXEL_FORMAT                                                           \
    "<img src=\"%s\" width=\"1\" height=\"1\" alt=\"\" "                       \
    "style=\"display:block;border:0;width:1px;height:1px\">"
#define PIXEL_SIZE (WXS_URL_MAX + 160)

struct rewriting {
    const wxs_config *config;
    const wxs_tracking_domain *domain;
    const wxs_minter *minter;
    wxs_html_links links;
    char **href;            /* one for each link, NULL = left alone */
    uint32_t tracked;       /* links so far that are not */
    wxs_table_entry *table; /* those that become table links */
    size_t table_count;
};

static const char *
url_of(const struct rewriting *rewriting, size_t i)
{
    return rewriting->links.text + rewriting->links.link[i].url;
}

static wxs_status
mint_into(const struct rewriting *rewriting, wxs_token *token, size_t i)
{
    char href[WXS_URL_MAX + 1];
    wxs_status status = wxs_mint(rewriting->minter, token, href);

    if (status != WXS_OK)
        return status;
    rewriting->href[i] = strdup(href);
    return rewriting->href[i] == NULL ? WXS_NO_MEMORY : WXS_OK;
}

/* A signed link, unless it gets too long. */
static wxs_status
track_link(struct rewriting *rewriting, size_t i, bool in_table)
{
    wxs_token token = {
        .type = WXS_TOKEN_CLICK,
        .link_index = rewriting->tracked,
        .rest = url_of(rewriting, i),
        .rest_len = rewriting->links.link[i].url_len,
    };
    wxs_status status =
        in_table ? WXS_TOO_LONG : mint_into(rewriting, &token, i);

    if (status == WXS_TOO_LONG) {
        rewriting->table[rewriting->table_count++] = (wxs_table_entry){
            .url = token.rest,
            .url_len = token.rest_len,
            .index = token.link_index,
            .place = i,
        };
        status = WXS_OK;
    }
    rewriting->tracked++;
    return status;
}

static wxs_status
track_links(struct rewriting *rewriting, bool in_table, size_t *too_many)
{
    const wxs_html_links *links = &rewriting->links;
    wxs_status status;

    rewriting->table = calloc(links->count + 1, sizeof(rewriting->table[0]));
    if (rewriting->table == NULL)
        return WXS_NO_MEMORY;
    for (size_t i = 0; i < links->count; i++) {
        if (wxs_is_own_link(url_of(rewriting, i), links->link[i].url_len,
                            rewriting->domain->host))
            continue;
        if (rewriting->tracked == WXS_MESSAGE_LINKS_MAX) {
            (*too_many)++;
            continue;
        }
        status = track_link(rewriting, i, in_table);
        if (status != WXS_OK)
            return status;
    }
    return WXS_OK;
}

/* WXS_IO has error filled. */
static wxs_status
mint_table_links(const struct rewriting *rewriting, wxs_error *error)
{
    wxs_table_entry *entries = rewriting->table;
    size_t count = rewriting->table_count;
    int64_t domain = rewriting->domain->number;
    wxs_status status = WXS_OK;

    if (count == 0)
        return WXS_OK;
    if (!wxs_table_links_store(domain, entries, count, error))
        return WXS_IO;
    if (!wxs_table_links_wait(rewriting->config, domain, entries, count))
        return WXS_BUSY;
    for (size_t i = 0; i < count && status == WXS_OK; i++) {
        wxs_token token = {
            .type = WXS_TOKEN_CLICK,
            .link_index = entries[i].index,
            .is_table = true,
            .link_id = entries[i].id,
        };
        status = mint_into(rewriting, &token, entries[i].place);
    }
    return status;
}

static wxs_status
list_links(const struct rewriting *rewriting, json_t *list)
{
    json_int_t index = 0;

    for (size_t i = 0; i < rewriting->links.count; i++) {
        json_t *item;

        if (rewriting->href[i] == NULL)
            continue;
        item = json_pack("{s:I, s:s%, s:s}", "index", index++, "url",
                         url_of(rewriting, i), rewriting->links.link[i].url_len,
                         "href", rewriting->href[i]);
        if (json_array_append_new(list, item) != 0)
            return WXS_NO_MEMORY;
    }
    return WXS_OK;
}

static wxs_status
make_pixel(const wxs_minter *minter, char pixel[PIXEL_SIZE])
{
    wxs_token token = {.type = WXS_TOKEN_OPEN};
    char href[WXS_URL_MAX + 1];
    wxs_status status = wxs_mint(minter, &token, href);

    if (status == WXS_OK)
        (void)snprintf(pixel, PIXEL_SIZE, PIXEL_FORMAT, href);
    return status;
}

static void
rewriting_free(struct rewriting *rewriting)
{
    for (size_t i = 0; rewriting->href != NULL && i < rewriting->links.count;
         i++)
        free(rewriting->href[i]);
    free(rewriting->href);
    free(rewriting->table);
    wxs_html_links_free(&rewriting->links);
}

/* Mints the hrefs and lists them. WXS_IO has error filled. */
static wxs_status
rewrite_links(struct rewriting *rewriting, bool in_table, wxs_rewritten *result,
              wxs_error *error)
{
    wxs_status status = track_links(rewriting, in_table, &result->too_many);

    result->too_long = rewriting->links.too_long;
    if (status == WXS_OK)
        status = mint_table_links(rewriting, error);
    if (status == WXS_OK)
        status = list_links(rewriting, result->links);
    return status;
}

static wxs_status
write_html(const struct rewriting *rewriting,
           const wxs_message_request *message, bool opens,
           wxs_rewritten *result)
{
    char pixel[PIXEL_SIZE];
    wxs_status status = opens ? make_pixel(rewriting->minter, pixel) : WXS_OK;

    if (status != WXS_OK)
        return status;
    result->html =
        wxs_html_splice(message->html, message->html_len, &rewriting->links,
                        (const char *const *)rewriting->href,
                        opens ? pixel : NULL, &result->html_len);
    return result->html == NULL ? WXS_NO_MEMORY : WXS_OK;
}

wxs_status
wxs_rewrite(const wxs_config *config, const wxs_tracking_domain *domain,
            const wxs_minter *minter, const wxs_message_request *message,
            bool clicks, bool opens, wxs_rewritten *result, wxs_error *error)
{
    struct rewriting rewriting = {
        .config = config,
        .domain = domain,
        .minter = minter,
    };
    wxs_status status = WXS_NO_MEMORY;

    memset(result, 0, sizeof(*result));
    error->text[0] = '\0';
    if (!wxs_html_links_find(message->html, message->html_len, &rewriting.links,
                             error))
        return WXS_NO_MEMORY;
    result->links = json_array();
    rewriting.href =
        calloc(rewriting.links.count + 1, sizeof(rewriting.href[0]));
    if (result->links == NULL || rewriting.href == NULL)
        goto out;
    status =
        clicks ? rewrite_links(&rewriting, message->table_links, result, error)
               : WXS_OK;
    if (status == WXS_OK)
        status = write_html(&rewriting, message, opens, result);
out:
    if (status != WXS_OK && error->text[0] == '\0')
        wxs_fail(error, "cannot rewrite a message: %s",
                 wxs_status_text(status));
    rewriting_free(&rewriting);
    return status;
}

void
wxs_rewritten_free(wxs_rewritten *result)
{
    free(result->html);
    json_decref(result->links);
    memset(result, 0, sizeof(*result));
}
