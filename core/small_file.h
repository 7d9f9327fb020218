#ifndef WXS_CORE_SMALL_FILE_H
#define WXS_CORE_SMALL_FILE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "status.h"

/* Files of a few kilobytes that one process writes and others read while they
 * run: a reader sees all of the old content or all of the new. */

/* Reads a regular file of at most cap bytes, whole; never waits for a writer,
 * as a FIFO would make it. WXS_IO; WXS_TOO_LONG if it holds more;
 * WXS_BAD_FORMAT if it is no regular file. */
wxs_status wxs_small_file_read(const char *path, uint8_t *data, size_t cap,
                               size_t *len);

/* Puts len bytes into the file under path with this mode, whatever the umask,
 * in one step and synced to disk with its folder: killed at any moment it
 * leaves the old content or the new. Temporary files it may leave when killed
 * are named path + "." + 6 characters + ".new". WXS_IO, WXS_TOO_LONG (path). */
wxs_status wxs_small_file_write(const char *path, mode_t mode,
                                const uint8_t *data, size_t len);

#endif
