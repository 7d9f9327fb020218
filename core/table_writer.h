#ifndef WXS_CORE_TABLE_WRITER_H
#define WXS_CORE_TABLE_WRITER_H

#include "table_format.h"
#include "table_write.h"

/* What table_file.c, the life of the file, and table_write.c, the entries in
 * it, share. */

#define WXS_TABLE_PATH_SIZE 4096

struct wxs_table_writer {
    wxs_table view; /* view.map is mapped for writing */
    int fd;         /* holds the lock */
    bool published;
    char path[WXS_TABLE_PATH_SIZE];
};

static inline wxs_table_header *
wxs_table_writer_header(wxs_table_writer *writer)
{
    return (wxs_table_header *)writer->view.map;
}

#endif
