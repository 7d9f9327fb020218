#ifndef WXS_WAXSEAL_FILE_H
#define WXS_WAXSEAL_FILE_H

#include <stddef.h>
#include <sys/types.h>

#include "error.h"

typedef enum {
    WXS_FILE_NEW,     /* leaves a file that is there as it is */
    WXS_FILE_REPLACE, /* takes its place */
} wxs_file_mode;

/* Puts size bytes into the file under path, in one step and synced to disk: a
 * kill at any moment leaves the old state or the new one. For one process at a
 * time. */
bool wxs_file_write(const char *path, const char *data, size_t size,
                    mode_t mode, wxs_file_mode how, wxs_error *error);

/* Moves from to path the same way, and syncs the folder. */
bool wxs_file_rename(const char *from, const char *path, wxs_error *error);

/* Is there a file under path? False with errno other than ENOENT when that
 * cannot be told. */
bool wxs_file_exists(const char *path);

/* Reads a file of one line into line, without blanks at its end; fails when
 * it is cap bytes or longer, empty, or has more than a line. */
bool wxs_file_read_line(const char *path, char *line, size_t cap,
                        wxs_error *error);

/* Makes the folder unless it is there. */
bool wxs_dir_make(const char *path, mode_t mode, wxs_error *error);

/* "first" "second" into path; fails when that is too long. */
bool wxs_path_join(char *path, size_t cap, const char *first,
                   const char *second, wxs_error *error);

/* The contents of a file that the build put into the programs. NULL (a defect
 * of the build) with error filled. */
const char *wxs_embedded_text(const char *path, wxs_error *error);

#endif
