#ifndef WXS_SHARED_ERROR_H
#define WXS_SHARED_ERROR_H

#include <stdbool.h>

/* Why something failed, as a sentence that says what to do. Functions that
 * take one return false (or NULL) and fill it; on success it is untouched. */
typedef struct {
    char text[512];
} wxs_error;

/* Fills the error (cut at its bound, error may be NULL); always returns false,
 * so that a function can end in `return wxs_fail(error, ...)`. */
bool wxs_fail(wxs_error *error, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
