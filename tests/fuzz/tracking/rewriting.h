#ifndef WXS_FUZZ_TRACKING_REWRITING_H
#define WXS_FUZZ_TRACKING_REWRITING_H

/* What the fuzz targets of rewriting share: a way to rewrite, and what holds
 * for everything that comes of it. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "destination.h"
#include "rewrite.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require(int condition)
{
    if (!condition)
        abort();
}

static const wxs_rewriting *
rewriting(void)
{
    static wxs_config config;
    static wxs_tracking_domain domain = {.host = "links.acme.example"};
    static wxs_minter minter;
    static const char *const spared[] = {"https://spared.example/"};
    static wxs_rewriting how = {
        .config = &config,
        .domain = &domain,
        .minter = &minter,
        .clicks = true,
        .opens = true,
        .top_pixel = true,
        .text_links = true,
        .unsubscribe = "http://links.acme.example/u/x",
        .utm = {{"s p", NULL, "c"}},
        .spared = spared,
        .spared_count = 1,
    };
    const wxs_link_secret secret = {.current_key = 1};
    static const uint8_t id[WXS_MESSAGE_ID_SIZE] = {1};

    if (minter.key == NULL)
        require(wxs_minter_init(&minter, &config, &domain, &secret, id,
                                WXS_MODE_FULL) == WXS_OK);
    return &how;
}

/* Edits are in order, in bounds and apart; destinations are fit for a
 * Location. */
static void
check_body(const wxs_body *body)
{
    size_t end = 0;

    for (size_t i = 0; i < body->edit_count; i++) {
        const wxs_edit *edit = &body->edits[i];

        require(edit->start >= end && edit->end >= edit->start);
        require(edit->end <= body->len);
        require(edit->text != NULL && edit->len == strlen(edit->text));
        for (size_t j = 0; j < edit->len; j++)
            require(edit->text[j] >= ' ' && edit->text[j] < 0x7f);
        end = edit->end;
    }
}

/* Everything but the edits is as it was. */
static void
check_output(const wxs_body *body)
{
    size_t len, from = 0, at = 0;
    char *out = wxs_edits_apply(body->text, body->len, body->edits,
                                body->edit_count, &len);

    require(out != NULL && out[len] == '\0');
    for (size_t i = 0; i < body->edit_count; i++) {
        const wxs_edit *edit = &body->edits[i];

        require(memcmp(out + at, body->text + from, edit->start - from) == 0);
        at += edit->start - from;
        require(memcmp(out + at, edit->text, edit->len) == 0);
        at += edit->len;
        from = edit->end;
    }
    require(len - at == body->len - from);
    require(memcmp(out + at, body->text + from, len - at) == 0);
    free(out);
}

/* Table links have no table here: only they may fail. */
static void
check_result(wxs_status status, const wxs_body *bodies, size_t count,
             const wxs_rewritten *result)
{
    if (status != WXS_OK)
        return;
    for (size_t i = 0; i < count; i++) {
        check_body(&bodies[i]);
        check_output(&bodies[i]);
    }
    for (size_t i = 0; i < result->count; i++) {
        const wxs_tracked_link *link = &result->link[i];

        require(link->index == i && link->href_len <= WXS_URL_MAX);
        require(wxs_destination_check(link->url, link->url_len) == WXS_OK);
        require(wxs_destination_check(link->href, link->href_len) == WXS_OK);
    }
}

#endif
