#ifndef WXS_SHARED_PART_LIST_H
#define WXS_SHARED_PART_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"

/* Which partitions of the events there are: the files of DIR/events, named by
 * the first id that each may hold. */

#define WXS_PART_NAME 20 /* 16 hexadecimal digits, ".db" and the NUL */
#define WXS_PART_PATH 512

typedef struct {
    int64_t *first_id; /* ascending */
    size_t count;
} wxs_part_list;

/* Without the directory there are none. The caller frees the list. */
bool wxs_part_list_read(wxs_part_list *list, const char *dir, wxs_error *error);
void wxs_part_list_free(wxs_part_list *list);

/* The file of a partition, with the directory. */
bool wxs_part_path(const char *dir, int64_t first_id, char path[WXS_PART_PATH],
                   wxs_error *error);

/* True if the name is one of a partition. */
bool wxs_part_name_parse(const char *name, int64_t *first_id);

#endif
