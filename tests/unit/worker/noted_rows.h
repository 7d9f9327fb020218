#ifndef NOTED_ROWS_H
#define NOTED_ROWS_H

#include <stdio.h>
#include <stdlib.h>

/* Tells tests/integration/test_catalogue.py, if that runs this program, which
 * row of the catalogue was tested and by what code it is told. */
static inline void
note_row(const char *id, const char *code)
{
    const char *path = getenv("WAXSEAL_CATALOGUE");
    FILE *file = path == NULL ? NULL : fopen(path, "a");

    if (file != NULL) {
        (void)fprintf(file, "%s %s\n", id, code);
        (void)fclose(file);
    }
}

#endif
