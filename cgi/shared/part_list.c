#include "part_list.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DIGITS 16

bool
wxs_part_name_parse(const char *name, int64_t *first_id)
{
    uint64_t value;

    if (strspn(name, "0123456789abcdef") != DIGITS ||
        strcmp(name + DIGITS, ".db") != 0)
        return false;
    value = strtoull(name, NULL, 16);
    if (value == 0 || value > INT64_MAX)
        return false;
    *first_id = (int64_t)value;
    return true;
}

bool
wxs_part_path(const char *dir, int64_t first_id, char path[WXS_PART_PATH],
              wxs_error *error)
{
    int size = snprintf(path, WXS_PART_PATH, "%s/events/%016" PRIx64 ".db", dir,
                        (uint64_t)first_id);

    return (size > 0 && size < WXS_PART_PATH) ||
           wxs_fail(error, "the path of the state directory is too long");
}

static int
is_part(const struct dirent *entry)
{
    int64_t first_id;

    return wxs_part_name_parse(entry->d_name, &first_id);
}

bool
wxs_part_list_read(wxs_part_list *list, const char *dir, wxs_error *error)
{
    struct dirent **names;
    char path[WXS_PART_PATH];
    int count, size = snprintf(path, sizeof(path), "%s/events", dir);

    *list = (wxs_part_list){NULL, 0};
    if (size < 0 || (size_t)size >= sizeof(path))
        return wxs_fail(error, "the path of the state directory is too long");
    count = scandir(path, &names, is_part, alphasort);
    if (count < 0 && errno == ENOENT)
        return true;
    if (count < 0)
        return wxs_fail(error, "cannot list %s: %s", path, strerror(errno));
    list->first_id = calloc((size_t)count + 1, sizeof(*list->first_id));
    for (int i = 0; i < count; i++) {
        if (list->first_id != NULL)
            (void)wxs_part_name_parse(names[i]->d_name,
                                      &list->first_id[list->count++]);
        free(names[i]);
    }
    free(names);
    return list->first_id != NULL || wxs_fail(error, "out of memory");
}

void
wxs_part_list_free(wxs_part_list *list)
{
    free(list->first_id);
    *list = (wxs_part_list){NULL, 0};
}
