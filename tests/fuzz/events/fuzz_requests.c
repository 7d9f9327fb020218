/* Lists, exports, sums, metrics and erasures of events; there are none yet. */
#include "../requests.h"
#include "routes.h"

static const fuzz_call calls[] = {
    {"GET", "/events", FUZZ_QUERY},
    {"GET", "/events/export", FUZZ_QUERY},
    {"GET", "/events/links", FUZZ_QUERY},
    {"GET", "/events/tags", FUZZ_QUERY},
    {"GET", "/emails/metrics", FUZZ_QUERY},
    {"GET", "/messages/", FUZZ_PATH},
    {"POST", "/erasures", FUZZ_BODY},
    {"GET", "/erasures/", FUZZ_PATH},
};

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    fuzz_start(&wxs_events_service);
    return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return fuzz_request(&wxs_events_service, calls,
                        sizeof(calls) / sizeof(calls[0]), data, size) < 0
               ? -1
               : 0;
}
