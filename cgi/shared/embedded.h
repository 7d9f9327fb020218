#ifndef WXS_SHARED_EMBEDDED_H
#define WXS_SHARED_EMBEDDED_H

#include <stddef.h>

/* A file of the source tree that the build put into the programs. */
struct wxs_embedded {
    const char *path; /* such as "schema/control/001_initial.sql" */
    const char *data; /* NUL-terminated */
    size_t size;      /* without the NUL */
};

/* In order of path; the last entry has a NULL path. */
extern const struct wxs_embedded wxs_embedded_files[];

#endif
