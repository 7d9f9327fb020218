#include "flight.h"

#include <sys/resource.h>

#include "log.h"

#define FLIGHT_MIN 64

/* What a check has open on average when all domains under way are at their
 * worst; a question that finds no descriptor left waits for one. */
#define DESCRIPTORS_A_CHECK 5
#define DESCRIPTORS_OTHER   256

size_t
wxs_flight_limit(size_t most)
{
    const rlim_t wanted =
        (rlim_t)most * DESCRIPTORS_A_CHECK + DESCRIPTORS_OTHER;
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) {
        return FLIGHT_MIN;
    }
    if (limit.rlim_cur < wanted) {
        limit.rlim_cur = limit.rlim_max < wanted ? limit.rlim_max : wanted;
        if (setrlimit(RLIMIT_NOFILE, &limit) != 0 ||
            getrlimit(RLIMIT_NOFILE, &limit) != 0) {
            wxs_log(WXS_LOG_WARN,
                    "the limit of descriptors could not be raised", NULL);
        }
    }
    rlim_t room =
        limit.rlim_cur < DESCRIPTORS_OTHER
            ? 0
            : (limit.rlim_cur - DESCRIPTORS_OTHER) / DESCRIPTORS_A_CHECK;

    return room < FLIGHT_MIN ? FLIGHT_MIN : room > most ? most : (size_t)room;
}
