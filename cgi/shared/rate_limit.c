#include "rate_limit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../core/siphash.h"
#include "clock.h"

#define SLOTS  65536U /* a power of two */
#define PROBES 8U

/* A caller's count: the second that it is of in the upper half of the word. */
typedef struct {
    _Atomic uint64_t owner; /* hash of the caller, 0 = free */
    _Atomic uint64_t count;
} slot;

static slot *slots;

bool
wxs_rate_open(const char *dir, wxs_error *error)
{
    const size_t size = SLOTS * sizeof(slot);
    char path[512];
    void *map;
    int fd;

    if (snprintf(path, sizeof(path), "%s/run", dir) >= (int)sizeof(path) - 16)
        return wxs_fail(error, "the path of the state directory is too long");
    if (mkdir(path, 0750) != 0 && errno != EEXIST)
        return wxs_fail(error, "cannot create %s: %s", path, strerror(errno));
    strcat(path, "/limits");
    fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0640);
    if (fd < 0)
        return wxs_fail(error, "cannot open %s: %s", path, strerror(errno));
    map = ftruncate(fd, (off_t)size) == 0
              ? mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0)
              : MAP_FAILED;
    if (map == MAP_FAILED)
        wxs_fail(error, "cannot map %s: %s", path, strerror(errno));
    else
        slots = map;
    (void)close(fd);
    return map != MAP_FAILED;
}

void
wxs_rate_close(void)
{
    if (slots != NULL)
        (void)munmap(slots, SLOTS * sizeof(slot));
    slots = NULL;
}

/* The caller's slot: its own, or one whose owner has not come this second or
 * the one before. Where all are busy callers share one, which is stricter than
 * need be and not laxer. */
static slot *
find_slot(uint64_t owner, uint32_t second)
{
    for (uint64_t i = 0; i < PROBES; i++) {
        slot *s = &slots[(owner + i) % SLOTS];
        uint64_t found = atomic_load(&s->owner);

        if (found == owner)
            return s;
        /* the count is of another second, so it begins anew by itself */
        if ((found == 0 ||
             second - (uint32_t)(atomic_load(&s->count) >> 32) > 1) &&
            (atomic_compare_exchange_strong(&s->owner, &found, owner) ||
             found == owner))
            return s;
    }
    return &slots[owner % SLOTS];
}

/* The requests of this second with this one. */
static uint32_t
count_up(slot *s, uint32_t second)
{
    uint64_t before = atomic_load(&s->count);
    uint64_t after;

    do {
        uint32_t count =
            (uint32_t)(before >> 32) == second ? (uint32_t)before : 0;
        if (count == UINT32_MAX)
            return count;
        after = (uint64_t)second << 32 | (count + 1);
    } while (!atomic_compare_exchange_weak(&s->count, &before, after));
    return (uint32_t)after;
}

bool
wxs_rate_take(const char *caller, int limit, wxs_rate *rate)
{
    static const uint64_t key[2] = {0, 0};
    uint64_t owner = wxs_siphash(key, caller, strlen(caller)) | 1;
    uint32_t second = (uint32_t)(wxs_monotonic_ms() / 1000);
    uint32_t count;

    *rate = (wxs_rate){0};
    if (slots == NULL || limit <= 0)
        return true;
    count = count_up(find_slot(owner, second), second);
    rate->limit = limit;
    rate->remaining = count < (uint32_t)limit ? limit - (int)count : 0;
    rate->reset = 1;
    return count <= (uint32_t)limit;
}
