#ifndef WXS_TRACKING_TRACKING_FIELDS_H
#define WXS_TRACKING_TRACKING_FIELDS_H

#include "http.h"
#include "mode.h"
#include "utm.h"

/* How messages are tracked: what a domain's settings and a message's request
 * both say. */
typedef struct {
    wxs_mode mode;    /* a ceiling */
    bool metadata;    /* keep sender, recipients, subject and tags */
    bool text_links;  /* links of plain text too */
    bool top_pixel;   /* a second pixel, at the top */
    bool table_links; /* short links, kept in the lookup table */
    wxs_utm utm;      /* points into the JSON */
} wxs_tracking_fields;

/* The object's member, NULL if it is absent or null. */
const json_t *wxs_optional(const json_t *object, const char *name);

/* Answers 422: "The `field` field must be <rule>."; returns false. */
bool wxs_refuse_field(wxs_response *response, const char *field,
                      const char *rule);

/* Reads a boolean, which stays as it is if there is none; path is what an error
 * calls it. */
bool wxs_read_switch(const json_t *object, const char *name, const char *path,
                     bool *value, wxs_response *response);

/* Reads those fields that are there: mode, metadata, text, pixel ("bottom" or
 * "both"), links ("signed" or "table") and utm (an object; null = none). under
 * comes before their names in errors, such as "tracking.". False after
 * answering 422. */
bool wxs_tracking_fields_read(const json_t *object, const char *under,
                              wxs_tracking_fields *fields,
                              wxs_response *response);

/* The same without answers, for JSON that was read before. */
void wxs_utm_read_stored(const json_t *object, wxs_utm *utm);

#endif
