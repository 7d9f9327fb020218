#ifndef WXS_CORE_TABLE_WRITE_H
#define WXS_CORE_TABLE_WRITE_H

#include "table_read.h"

/* The one writer of a table file, under flock. Killed at any instant it leaves
 * a right file behind: at worst some unreferenced bytes. */
typedef struct wxs_table_writer wxs_table_writer;

typedef struct {
    uint64_t hosts; /* pairs of host and domain */
    uint64_t links;
    uint64_t urls;      /* distinct destinations; 0 = not known */
    uint64_t url_bytes; /* of all distinct destinations */
    uint64_t killed;    /* messages */
} wxs_table_capacity;

/* Starts a new file beside path (path + ".new"), with room for at least
 * two fifths more than the capacity given. Nobody sees it before
 * wxs_table_publish(). mode 0640. WXS_BUSY, WXS_IO, WXS_FULL (disk),
 * WXS_TOO_LONG (path, capacity), WXS_NO_MEMORY. */
wxs_status wxs_table_create(const char *path,
                            const wxs_table_capacity *capacity,
                            uint64_t generation, wxs_table_writer **writer);

/* Gives back what an unpublished file holds beyond two fifths more than what is
 * in it, for a builder that did not know the size before. Its slots stay. */
wxs_status wxs_table_trim(wxs_table_writer *writer);

/* Renames the new file over its path and tells the readers of the former file
 * that it is superseded; killed in between, the next writer tells them. The
 * writer stays open on the new file. WXS_BUSY: another process is the writer of
 * the former file (a writer of this process may still be open on it and is only
 * good for closing afterwards). WXS_IO. */
wxs_status wxs_table_publish(wxs_table_writer *writer);

/* Opens the file in place to go on writing. WXS_NOT_FOUND: no file;
 * WXS_BAD_FORMAT, WXS_BAD_VERSION: build a new one; WXS_BUSY, WXS_IO.
 * *same_boot tells whether it was built since the machine started; if not, a
 * power loss may have torn it and it must be built anew. */
wxs_status wxs_table_writer_open(const char *path, bool *same_boot,
                                 wxs_table_writer **writer);

/* Releases the lock; an unpublished file is removed. */
void wxs_table_writer_close(wxs_table_writer *writer);

/* Each replaces what was there; storing what is there already changes nothing.
 * WXS_FULL: build a larger file;
 * WXS_TOO_LONG, WXS_BAD_FORMAT on values out of bounds. */
wxs_status wxs_table_put_host(wxs_table_writer *writer, const char *host,
                              size_t len, const wxs_table_domain *domains,
                              size_t count);
wxs_status wxs_table_put_link(wxs_table_writer *writer, uint64_t link_id,
                              uint32_t domain, uint8_t flags, const char *url,
                              size_t url_len);

/* Withdraws the links of a message: those of the domain with this number, or
 * of every domain if it is 0. All zeros is no message's id: WXS_BAD_FORMAT. */
wxs_status wxs_table_put_killed(wxs_table_writer *writer,
                                const uint8_t message_id[WXS_MESSAGE_ID_SIZE],
                                uint32_t domain);

/* WXS_NOT_FOUND if it was not there. */
wxs_status wxs_table_remove_host(wxs_table_writer *writer, const char *host,
                                 size_t len);
wxs_status wxs_table_remove_link(wxs_table_writer *writer, uint64_t link_id);
wxs_status
wxs_table_remove_killed(wxs_table_writer *writer,
                        const uint8_t message_id[WXS_MESSAGE_ID_SIZE]);

/* The number of the last change that the file holds. Storing it after the
 * change itself makes a killed writer repeat a change, never skip one. */
void wxs_table_set_applied(wxs_table_writer *writer, uint64_t sequence);

/* Lets everybody know that changes do not reach the file, and since when;
 * 0 = they do. */
void wxs_table_set_failing(wxs_table_writer *writer, uint64_t since_ms);

/* The reader's view of the file being written, for lookups and info. */
const wxs_table *wxs_table_writer_view(const wxs_table_writer *writer);

#endif
