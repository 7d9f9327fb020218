#include "table_write.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "allocate.h"
#include "boot_id.h"
#include "crc32c.h"
#include "table_search.h"
#include "table_writer.h"

#define NEW_SUFFIX     ".new" /* being built */
#define OLD_SUFFIX     ".old" /* just replaced, its readers not told yet */
#define HOST_ROOM      368    /* the largest host record of one domain */
#define URL_EXTRA      21     /* of a URL record besides the URL */
#define BUCKETS_MIN    512
#define ARENA_MIN      (UINT64_C(1) << 20)
#define CAPACITY_MAX   (UINT64_C(1) << 40)
#define WITH_ROOM(n)   ((n)*7 / 5)
#define PAGES(n)       (((n) + WXS_TABLE_HEADER - 1) / WXS_TABLE_HEADER)
#define SMALLER(a, b)  ((a) < (b) ? (a) : (b))
#define LARGER(a, b)   ((a) > (b) ? (a) : (b))
#define FULL_PATH_SIZE (WXS_TABLE_PATH_SIZE + sizeof NEW_SUFFIX)

static void
path_with(const char *path, const char *suffix, char full[FULL_PATH_SIZE])
{
    (void)snprintf(full, FULL_PATH_SIZE, "%s%s", path, suffix);
}

static bool
is_same_file(int fd, const char *path)
{
    struct stat a, b;

    return fstat(fd, &a) == 0 && stat(path, &b) == 0 && a.st_dev == b.st_dev &&
           a.st_ino == b.st_ino;
}

/* Opens a file and locks it. It may have been renamed between the two: a lock
 * counts only if the path still leads to the file. */
static wxs_status
open_locked(const char *path, int flags, int *fd)
{
    wxs_status status = WXS_BUSY;
    int error;

    *fd = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK | flags, 0640);
    if (*fd == -1)
        return errno == ENOENT   ? WXS_NOT_FOUND
               : errno == ENOSPC ? WXS_FULL
                                 : WXS_IO;
    if (flock(*fd, LOCK_EX | LOCK_NB) == -1)
        status = errno == EWOULDBLOCK ? WXS_BUSY : WXS_IO;
    else if (is_same_file(*fd, path))
        return WXS_OK;
    error = errno;
    (void)close(*fd);
    *fd = -1;
    errno = error;
    return status;
}

static wxs_status
mark_superseded(int fd)
{
    uint32_t one = 1;

    return pwrite(fd, &one, sizeof one,
                  offsetof(wxs_table_header, superseded)) == sizeof one
               ? WXS_OK
               : WXS_IO;
}

/* Ends what a writer killed while publishing has left. */
static void
finish_publication(const char *path)
{
    char old[FULL_PATH_SIZE];
    int fd;

    path_with(path, OLD_SUFFIX, old);
    fd = open(old, O_RDWR | O_CLOEXEC | O_NONBLOCK);
    if (fd == -1)
        return;
    if (is_same_file(fd, path) || mark_superseded(fd) == WXS_OK)
        (void)unlink(old);
    (void)close(fd);
}

/* ---- layout ---- */

typedef struct {
    uint64_t buckets;
    uint64_t arena_offset;
    uint64_t size;
} layout;

/* Two fifths more than the capacity, at a load of 80 %. */
static wxs_status
plan(const wxs_table_capacity *capacity, layout *made)
{
    uint64_t links = capacity->links, hosts = capacity->hosts;
    uint64_t urls = capacity->urls, killed = capacity->killed, arena;

    if (urls == 0) /* no URL is shorter than 8 bytes */
        urls = SMALLER(links, capacity->url_bytes / 8 + 1);
    if (links > CAPACITY_MAX || hosts > CAPACITY_MAX || urls > CAPACITY_MAX ||
        capacity->url_bytes > CAPACITY_MAX || killed > CAPACITY_MAX)
        return WXS_TOO_LONG;
    made->buckets =
        WITH_ROOM(hosts + links + urls + killed) * 10 / 8 / WXS_TABLE_SLOTS +
        BUCKETS_MIN;
    made->arena_offset =
        WXS_TABLE_HEADER * (1 + PAGES(made->buckets * WXS_TABLE_BUCKET));
    arena = WITH_ROOM(hosts * HOST_ROOM +
                      (links - SMALLER(links, urls)) *
                          sizeof(wxs_table_link_record) +
                      urls * URL_EXTRA + capacity->url_bytes +
                      killed * sizeof(wxs_table_killed_record));
    made->size =
        made->arena_offset + WXS_TABLE_HEADER * PAGES(LARGER(arena, ARENA_MIN));
    if (made->buckets > WXS_TABLE_BUCKETS_MAX ||
        made->size > WXS_TABLE_SIZE_MAX)
        return WXS_TOO_LONG;
    return WXS_OK;
}

static wxs_status
write_header(wxs_table_header *header, const layout *plan, uint64_t generation)
{
    struct timespec now;

    if (getrandom(header->seed, sizeof header->seed, 0) !=
            (ssize_t)sizeof header->seed ||
        clock_gettime(CLOCK_REALTIME, &now) == -1)
        return WXS_IO;
    memcpy(header->magic, WXS_TABLE_MAGIC, sizeof header->magic);
    header->header_size = WXS_TABLE_HEADER;
    header->bucket_count = plan->buckets;
    header->arena_offset = plan->arena_offset;
    header->file_size = plan->size;
    wxs_boot_id(header->boot_id);
    header->built_ms =
        (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
    header->generation = generation;
    header->crc = wxs_crc32c(0, header, offsetof(wxs_table_header, crc));
    header->arena_top = plan->arena_offset;
    return WXS_OK;
}

/* ---- the writer ---- */

static wxs_status
writer_new(const char *path, wxs_table_writer **writer)
{
    size_t len = strlen(path);
    wxs_table_writer *made;

    if (len >= WXS_TABLE_PATH_SIZE)
        return WXS_TOO_LONG;
    made = calloc(1, sizeof *made);
    if (made == NULL)
        return WXS_NO_MEMORY;
    made->fd = -1;
    memcpy(made->path, path, len + 1);
    *writer = made;
    return WXS_OK;
}

static wxs_status
map_for_writing(wxs_table_writer *writer, size_t size)
{
    void *map =
        mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, writer->fd, 0);

    if (map == MAP_FAILED)
        return WXS_IO;
    (void)madvise(map, size, MADV_HUGEPAGE);
    writer->view.map = map;
    writer->view.size = size;
    return WXS_OK;
}

/* Lets wxs_table_publish() know a lock of its own process. */
static void
sign(wxs_table_writer *writer)
{
    wxs_table_writer_header(writer)->writer_pid = (uint32_t)getpid();
}

/* The file is ours alone and nobody has ever seen it: what a killed builder
 * left in it goes. */
static wxs_status
fill_new(wxs_table_writer *writer, const wxs_table_capacity *capacity,
         uint64_t generation)
{
    layout plan_made;
    wxs_status status = plan(capacity, &plan_made);

    if (status != WXS_OK)
        return status;
    if (ftruncate(writer->fd, 0) == -1)
        return WXS_IO;
    status = wxs_allocate(writer->fd, plan_made.size);
    if (status != WXS_OK)
        return status;
    status = map_for_writing(writer, plan_made.size);
    if (status != WXS_OK)
        return status;
    status =
        write_header(wxs_table_writer_header(writer), &plan_made, generation);
    if (status != WXS_OK)
        return status;
    sign(writer);
    return wxs_table_check(&writer->view);
}

wxs_status
wxs_table_create(const char *path, const wxs_table_capacity *capacity,
                 uint64_t generation, wxs_table_writer **writer)
{
    char new_path[FULL_PATH_SIZE];
    wxs_table_writer *made;
    wxs_status status = writer_new(path, &made);

    if (status != WXS_OK)
        return status;
    path_with(path, NEW_SUFFIX, new_path);
    status = open_locked(new_path, O_CREAT | O_NOFOLLOW, &made->fd);
    if (status == WXS_OK)
        status = fill_new(made, capacity, generation);
    if (status != WXS_OK) {
        wxs_table_writer_close(made);
        return status == WXS_NOT_FOUND ? WXS_IO : status;
    }
    *writer = made;
    return WXS_OK;
}

wxs_status
wxs_table_trim(wxs_table_writer *writer)
{
    wxs_table_header *header = wxs_table_writer_header(writer);
    uint64_t arena = WITH_ROOM(header->arena_top - header->arena_offset);
    uint64_t size = header->arena_offset +
                    WXS_TABLE_HEADER * PAGES(LARGER(arena, ARENA_MIN));

    if (size >= header->file_size)
        return WXS_OK;
    header->file_size = size;
    header->crc = wxs_crc32c(0, header, offsetof(wxs_table_header, crc));
    writer->view.arena_end = size;
    if (munmap((uint8_t *)header + size, writer->view.size - size) == -1 ||
        ftruncate(writer->fd, (off_t)size) == -1)
        return WXS_IO;
    writer->view.size = size;
    return WXS_OK;
}

/* Counters that no writer leaves behind would send the next one astray. */
static wxs_status
check_counters(const wxs_table *table)
{
    const wxs_table_header *header = wxs_table_header_of(table);
    uint64_t slots = table->bucket_count * WXS_TABLE_SLOTS;

    return header->arena_top < table->arena_offset ||
                   header->arena_top > table->arena_end ||
                   header->arena_top % 8 != 0 || header->live > slots ||
                   header->dead > slots
               ? WXS_BAD_FORMAT
               : WXS_OK;
}

static wxs_status
open_current(wxs_table_writer *writer, bool *same_boot)
{
    static const uint8_t unknown[WXS_BOOT_ID_SIZE];
    uint8_t boot_id[WXS_BOOT_ID_SIZE];
    struct stat st;
    wxs_status status = open_locked(writer->path, 0, &writer->fd);

    if (status != WXS_OK)
        return status;
    writer->published = true;
    if (fstat(writer->fd, &st) == -1)
        return WXS_IO;
    if (!S_ISREG(st.st_mode) || st.st_size < WXS_TABLE_HEADER)
        return WXS_BAD_FORMAT;
    status = map_for_writing(writer, (size_t)st.st_size);
    if (status == WXS_OK)
        status = wxs_table_check(&writer->view);
    if (status == WXS_OK)
        status = check_counters(&writer->view);
    if (status != WXS_OK)
        return status;
    finish_publication(writer->path);
    sign(writer);
    wxs_boot_id(boot_id);
    *same_boot = memcmp(boot_id, wxs_table_writer_header(writer)->boot_id,
                        sizeof boot_id) == 0 &&
                 memcmp(boot_id, unknown, sizeof boot_id) != 0;
    return WXS_OK;
}

wxs_status
wxs_table_writer_open(const char *path, bool *same_boot,
                      wxs_table_writer **writer)
{
    wxs_table_writer *made;
    wxs_status status = writer_new(path, &made);

    if (status != WXS_OK)
        return status;
    status = open_current(made, same_boot);
    if (status != WXS_OK) {
        made->published = true;
        wxs_table_writer_close(made);
        return status;
    }
    *writer = made;
    return WXS_OK;
}

/* Nobody else may be writing the file that is going to be replaced. Its lock
 * is refused to this process too if it is the one that holds it. */
static bool
may_replace(int fd)
{
    uint32_t pid = 0;

    return flock(fd, LOCK_EX | LOCK_NB) == 0 ||
           (pread(fd, &pid, sizeof pid,
                  offsetof(wxs_table_header, writer_pid)) == sizeof pid &&
            pid == (uint32_t)getpid());
}

/* The link named OLD_SUFFIX keeps the former file within reach of the next
 * writer should this one be killed before it has told the readers. */
static wxs_status
replace(wxs_table_writer *writer, int former)
{
    char new_path[FULL_PATH_SIZE], old[FULL_PATH_SIZE];

    path_with(writer->path, NEW_SUFFIX, new_path);
    path_with(writer->path, OLD_SUFFIX, old);
    finish_publication(writer->path);
    if (former != -1 && link(writer->path, old) == -1)
        return WXS_IO;
    if (rename(new_path, writer->path) == -1) {
        int error = errno;

        (void)unlink(old);
        errno = error;
        return WXS_IO;
    }
    writer->published = true;
    if (former == -1)
        return WXS_OK;
    if (mark_superseded(former) != WXS_OK || unlink(old) == -1)
        return WXS_IO;
    return WXS_OK;
}

wxs_status
wxs_table_publish(wxs_table_writer *writer)
{
    wxs_status status = WXS_BUSY;
    struct stat st;
    int former, error;

    if (fdatasync(writer->fd) == -1)
        return WXS_IO;
    former = open(writer->path, O_RDWR | O_CLOEXEC | O_NONBLOCK);
    if (former == -1 && errno != ENOENT)
        return WXS_IO;
    if (former != -1 && (fstat(former, &st) == -1 || !S_ISREG(st.st_mode))) {
        (void)close(former); /* nobody reads or writes such a table */
        former = -1;
    }
    if (former == -1 || may_replace(former))
        status = replace(writer, former);
    error = errno;
    if (former != -1)
        (void)close(former);
    errno = error;
    return status;
}

void
wxs_table_writer_close(wxs_table_writer *writer)
{
    char new_path[FULL_PATH_SIZE];
    int error = errno;

    if (writer == NULL)
        return;
    if (writer->fd != -1 && !writer->published) {
        path_with(writer->path, NEW_SUFFIX, new_path);
        (void)unlink(new_path);
    }
    wxs_table_close(&writer->view);
    if (writer->fd != -1)
        (void)close(writer->fd); /* and the lock goes */
    free(writer);
    errno = error;
}
