#include "rewrite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "destination.h"
#include "html_links.h"
#include "own_link.h"
#include "table_links.h"
#include "text_links.h"

#define PIXEL_FORMAT                                                           \
    "<img src=\"%s\" width=\"1\" height=\"1\" alt=\"\" "                       \
    "style=\"display:block;border:0;width:1px;height:1px\">"
#define PIXEL_SIZE (WXS_URL_MAX + 160)

/* What base64 and the other fields of a token add to a destination. */
#define HREF_SIZE(origin, url) ((origin) + 80 + ((url) + 2) / 3 * 4)

struct work {
    const wxs_rewriting *how;
    wxs_body *bodies;
    size_t body_count;
    wxs_table_entry *table; /* those that become table links */
    size_t table_count;
    wxs_rewritten *result;
};

static bool
find(struct work *work, wxs_error *error)
{
    for (size_t i = 0; i < work->body_count; i++) {
        wxs_body *body = &work->bodies[i];

        if (body->is_html) {
            if (!wxs_html_links_find(body->text, body->len, &body->found,
                                     error))
                return false;
        } else if (work->how->clicks && work->how->text_links) {
            if (!wxs_text_links_find(body->text, body->len, &body->found,
                                     error))
                return false;
        }
        if (work->how->clicks)
            work->result->too_long += body->found.too_long;
    }
    return true;
}

static bool
is_spared(const wxs_rewriting *how, const char *url, size_t len)
{
    for (size_t i = 0; i < how->spared_count; i++)
        if (strlen(how->spared[i]) == len &&
            memcmp(how->spared[i], url, len) == 0)
            return true;
    return wxs_is_own_link(url, len, how->domain->host);
}

/* Notes a link that is to be tracked; false if it is left alone. */
static bool
choose_link(struct work *work, const wxs_body *body,
            const wxs_found_link *found)
{
    wxs_rewritten *result = work->result;
    const char *text = body->found.text.data;

    if (!work->how->clicks ||
        is_spared(work->how, text + found->url, found->url_len))
        return false;
    if (result->count == WXS_MESSAGE_LINKS_MAX) {
        result->too_many++;
        return false;
    }
    result->link[result->count] = (wxs_tracked_link){
        .index = (uint32_t)result->count,
        .url = text + found->url,
        .url_len = found->url_len,
        .name = text + found->name,
        .name_len = found->name_len,
        .tags = text + found->tags,
        .tags_len = found->tags_len,
    };
    result->count++;
    return true;
}

/* The edit that a found link asks for; its text stays NULL while the link is
 * to be minted. False if it asks for none. */
static bool
make_edit(struct work *work, const wxs_body *body, const wxs_found_link *found,
          wxs_edit *edit)
{
    *edit = (wxs_edit){.start = found->start, .end = found->end};
    switch (found->kind) {
    case WXS_FOUND_LINK:
        return choose_link(work, body, found);
    case WXS_FOUND_UNSUBSCRIBE:
        edit->text = work->how->unsubscribe;
        edit->len = edit->text == NULL ? 0 : strlen(edit->text);
        return edit->text != NULL;
    default:
        edit->text = "";
        return true;
    }
}

static bool
choose_links(struct work *work, wxs_body *body)
{
    const wxs_found_links *found = &body->found;

    body->edits = calloc(found->count + 2, sizeof(body->edits[0]));
    if (body->edits == NULL)
        return false;
    for (size_t i = 0; i < found->count; i++)
        if (make_edit(work, body, &found->link[i],
                      &body->edits[body->edit_count]))
            body->edit_count++;
    return true;
}

static wxs_status
choose(struct work *work)
{
    size_t found = 0;

    for (size_t i = 0; i < work->body_count; i++)
        found += work->bodies[i].found.count;
    work->result->link = calloc(found + 1, sizeof(work->result->link[0]));
    if (work->result->link == NULL)
        return WXS_NO_MEMORY;
    for (size_t i = 0; i < work->body_count; i++)
        if (!choose_links(work, &work->bodies[i]))
            return WXS_NO_MEMORY;
    return WXS_OK;
}

/* Moves the destinations to copies with the parameters, in room that was made
 * for them all; one that gets too long stays without. */
static wxs_status
add_parameters(struct work *work)
{
    const wxs_utm *utm = &work->how->utm;
    wxs_buffer *copies = &work->result->destinations;
    size_t added = wxs_utm_size(utm);
    size_t room = 0;

    if (added == 0)
        return WXS_OK;
    for (size_t i = 0; i < work->result->count; i++)
        room += work->result->link[i].url_len + added;
    wxs_buffer_reserve(copies, room);
    for (size_t i = 0; i < work->result->count; i++) {
        wxs_tracked_link *link = &work->result->link[i];
        size_t start = copies->len;

        wxs_utm_add(utm, link->url, link->url_len, copies);
        if (copies->failed)
            return WXS_NO_MEMORY;
        if (copies->len - start > WXS_DESTINATION_MAX) {
            copies->len = start;
            continue;
        }
        link->url = copies->data + start;
        link->url_len = copies->len - start;
    }
    return WXS_OK;
}

static wxs_status
mint_into(const struct work *work, wxs_token *token, wxs_tracked_link *link)
{
    wxs_buffer *hrefs = &work->result->hrefs;
    char *href = hrefs->data + hrefs->len;
    wxs_status status =
        wxs_mint(work->how->minter, token, href, &link->href_len);

    if (status != WXS_OK)
        return status;
    link->href = href;
    hrefs->len += link->href_len + 1;
    return WXS_OK;
}

/* A signed link, unless it gets too long. */
static wxs_status
mint_link(struct work *work, wxs_tracked_link *link)
{
    wxs_token token = {
        .type = WXS_TOKEN_CLICK,
        .link_index = link->index,
        .rest = link->url,
        .rest_len = link->url_len,
    };
    wxs_status status =
        work->how->table_links ? WXS_TOO_LONG : mint_into(work, &token, link);

    if (status != WXS_TOO_LONG)
        return status;
    work->table[work->table_count++] = (wxs_table_entry){
        .url = link->url,
        .url_len = link->url_len,
        .index = link->index,
    };
    return WXS_OK;
}

/* WXS_IO has error filled. */
static wxs_status
mint_table_links(const struct work *work, wxs_error *error)
{
    wxs_table_entry *entries = work->table;
    size_t count = work->table_count;
    int64_t domain = work->how->domain->number;
    wxs_status status = WXS_OK;

    if (count == 0)
        return WXS_OK;
    if (!wxs_table_links_store(domain, entries, count, error))
        return WXS_IO;
    if (!wxs_table_links_wait(work->how->config, domain, entries, count))
        return WXS_BUSY;
    for (size_t i = 0; i < count && status == WXS_OK; i++) {
        wxs_token token = {
            .type = WXS_TOKEN_CLICK,
            .link_index = entries[i].index,
            .is_table = true,
            .link_id = entries[i].id,
        };
        status = mint_into(work, &token, &work->result->link[entries[i].index]);
    }
    return status;
}

/* Mints the links into room that was made for them all. */
static wxs_status
mint(struct work *work, wxs_error *error)
{
    wxs_rewritten *result = work->result;
    size_t room = WXS_URL_MAX + 1;
    wxs_status status = WXS_OK;

    if (result->count == 0)
        return WXS_OK;
    work->table = calloc(result->count, sizeof(work->table[0]));
    for (size_t i = 0; i < result->count; i++)
        room +=
            HREF_SIZE(work->how->minter->origin_len, result->link[i].url_len);
    wxs_buffer_reserve(&result->hrefs, room);
    if (work->table == NULL || result->hrefs.failed)
        return WXS_NO_MEMORY;
    for (size_t i = 0; i < result->count && status == WXS_OK; i++)
        status = mint_link(work, &result->link[i]);
    return status == WXS_OK ? mint_table_links(work, error) : status;
}

/* Inserts the pixel among the edits of a body, which stay in order. */
static void
insert_pixel(wxs_body *body, size_t at, const char *pixel)
{
    size_t i = body->edit_count;

    for (; i > 0 && body->edits[i - 1].start >= at; i--)
        body->edits[i] = body->edits[i - 1];
    body->edits[i] = (wxs_edit){
        .start = at,
        .end = at,
        .text = pixel,
        .len = strlen(pixel),
    };
    body->edit_count++;
}

static wxs_status
make_pixel(struct work *work)
{
    wxs_token token = {.type = WXS_TOKEN_OPEN};
    char href[WXS_URL_MAX + 1];
    size_t len;
    wxs_status status = wxs_mint(work->how->minter, &token, href, &len);

    if (status != WXS_OK)
        return status;
    work->result->pixel = malloc(PIXEL_SIZE);
    if (work->result->pixel == NULL)
        return WXS_NO_MEMORY;
    (void)snprintf(work->result->pixel, PIXEL_SIZE, PIXEL_FORMAT, href);
    return WXS_OK;
}

/* Gives the edits their texts. */
static wxs_status
finish(struct work *work)
{
    const wxs_tracked_link *next = work->result->link;
    wxs_status status = work->how->opens ? make_pixel(work) : WXS_OK;

    for (size_t i = 0; i < work->body_count && status == WXS_OK; i++) {
        wxs_body *body = &work->bodies[i];

        for (size_t j = 0; j < body->edit_count; j++) {
            if (body->edits[j].text != NULL)
                continue;
            body->edits[j].text = next->href;
            body->edits[j].len = next->href_len;
            next++;
        }
        if (!body->is_html || !work->how->opens)
            continue;
        insert_pixel(body, body->found.pixel, work->result->pixel);
        if (work->how->top_pixel && body->found.has_top)
            insert_pixel(body, body->found.top, work->result->pixel);
    }
    return status;
}

wxs_status
wxs_rewrite(const wxs_rewriting *how, wxs_body *bodies, size_t count,
            wxs_rewritten *result, wxs_error *error)
{
    struct work work = {
        .how = how,
        .bodies = bodies,
        .body_count = count,
        .result = result,
    };
    wxs_status status;

    memset(result, 0, sizeof(*result));
    error->text[0] = '\0';
    if (!find(&work, error))
        return WXS_NO_MEMORY;
    status = choose(&work);
    if (status == WXS_OK)
        status = add_parameters(&work);
    if (status == WXS_OK)
        status = mint(&work, error);
    if (status == WXS_OK)
        status = finish(&work);
    free(work.table);
    if (status != WXS_OK && error->text[0] == '\0')
        wxs_fail(error, "cannot rewrite a message: %s",
                 wxs_status_text(status));
    return status;
}

void
wxs_body_free(wxs_body *body)
{
    free(body->edits);
    wxs_found_links_free(&body->found);
    body->edits = NULL;
    body->edit_count = 0;
}

void
wxs_rewritten_free(wxs_rewritten *result)
{
    free(result->link);
    free(result->pixel);
    wxs_buffer_free(&result->destinations);
    wxs_buffer_free(&result->hrefs);
    memset(result, 0, sizeof(*result));
}
