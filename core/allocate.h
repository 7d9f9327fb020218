#ifndef WXS_CORE_ALLOCATE_H
#define WXS_CORE_ALLOCATE_H

#include <stddef.h>

#include "status.h"

/* Gives the file size bytes with a disk block behind each, so that a full disk
 * is an error here and not a SIGBUS at some later store to a mapping.
 * WXS_FULL, WXS_IO. */
wxs_status wxs_allocate(int fd, size_t size);

#endif
