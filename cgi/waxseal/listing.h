#ifndef WXS_WAXSEAL_LISTING_H
#define WXS_WAXSEAL_LISTING_H

#include <jansson.h>

/* A column of a table: a field of the API's objects under a heading. */
typedef struct {
    const char *head; /* NULL ends the list */
    const char *field;
} wxs_column;

/* Prints the list's data as a table; null is "-". */
void wxs_listing_print(const json_t *list, const wxs_column *columns);

/* Prints one object, a line a field. */
void wxs_object_print(const json_t *object, const wxs_column *columns);

#endif
