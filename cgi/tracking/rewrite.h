#ifndef WXS_TRACKING_REWRITE_H
#define WXS_TRACKING_REWRITE_H

#include "edits.h"
#include "error.h"
#include "found_links.h"
#include "minter.h"
#include "utm.h"

#define WXS_MESSAGE_LINKS_MAX 100000 /* tracked in one message */

/* How the bodies of a message are to be rewritten. */
typedef struct {
    const wxs_config *config; /* where the lookup table is, for table links */
    const wxs_tracking_domain *domain;
    const wxs_minter *minter;
    bool clicks;
    bool opens;
    bool top_pixel;          /* one more, behind <body> */
    bool text_links;         /* of plain text too */
    bool table_links;        /* short links, kept in the lookup table */
    const char *unsubscribe; /* link of the message, NULL = it has none */
    wxs_utm utm;
    const char *const *spared; /* destinations that are left alone */
    size_t spared_count;
} wxs_rewriting;

/* A body, and what comes of it. */
typedef struct {
    bool is_html; /* else plain text */
    const char *text;
    size_t len;
    wxs_edit *edits; /* filled in: in order, not overlapping */
    size_t edit_count;
    wxs_found_links found; /* filled in, for its own use */
} wxs_body;

typedef struct {
    uint32_t index;  /* in the message */
    const char *url; /* not NUL-terminated, as all of these */
    size_t url_len;
    const char *href;
    size_t href_len;
    const char *name; /* name_len 0 = none */
    size_t name_len;
    const char *tags; /* as written, see link_name.h */
    size_t tags_len;
} wxs_tracked_link;

/* What was made of the bodies. Points into itself and into their .found. */
typedef struct {
    wxs_tracked_link *link; /* in the order of the bodies and documents */
    size_t count;
    size_t too_long; /* links left alone, over WXS_DESTINATION_MAX */
    size_t too_many; /* links left alone, over WXS_MESSAGE_LINKS_MAX */
    wxs_buffer destinations;
    wxs_buffer hrefs;
    char *pixel;
} wxs_rewritten;

/* Finds the links of the bodies and mints what they become: the one way that
 * links get into a message. The bodies are the caller's, who makes the edits
 * and frees them with wxs_body_free() after wxs_rewritten_free(), whatever is
 * returned. Table links are stored and in service when it returns. WXS_BUSY:
 * the lookup table has not taken them in yet; any other but WXS_OK has error
 * filled. */
wxs_status wxs_rewrite(const wxs_rewriting *how, wxs_body *bodies, size_t count,
                       wxs_rewritten *result, wxs_error *error);

void wxs_body_free(wxs_body *body);
void wxs_rewritten_free(wxs_rewritten *result);

#endif
