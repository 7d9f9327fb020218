#ifndef WXS_WAXSEAL_EXPORT_FILES_H
#define WXS_WAXSEAL_EXPORT_FILES_H

#include "error.h"
#include "export_tables.h"

/* Can tables name files in the folder? They know no quotes. */
bool wxs_export_folder_check(const char *folder, wxs_error *error);

/* Puts the keys of wxs_export_keys() into folder, an absolute path to a folder
 * that belongs to this process alone: keys/DOMAIN/SELECTOR.pem, then the tables
 * of the format, then away with the keys that no table names any more. Each
 * file appears whole or not at all, and no table ever names a key that is not
 * there. Fills the number of keys that sign, and of those that would but for
 * the format. */
typedef struct {
    size_t written;
    size_t left_out;
} wxs_export_count;
bool wxs_export_files(const char *folder, wxs_export_format format,
                      const json_t *keys, wxs_export_count *count,
                      wxs_error *error);

#endif
