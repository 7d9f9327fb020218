/* Links, the kill switch, settings and recipients; messages have targets of
 * their own. What succeeds with a link or a kill waits for the worker, so the
 * domain has no tracking host, and what is killed does not exist. */
#include "../requests.h"
#include "routes.h"

static const fuzz_call calls[] = {
    {"POST", "/links", FUZZ_BODY},
    {"GET", "/links/", FUZZ_PATH},
    {"POST", "/links/1/kill", FUZZ_BODY},
    {"POST", "/links/", FUZZ_PATH},
    {"POST", "/messages/", FUZZ_PATH},
    {"POST", "/messages/" FUZZ_MESSAGE "/kill", FUZZ_BODY},
    {"POST", "/domains/" FUZZ_MESSAGE "/unkill", FUZZ_BODY},
    {"PUT", "/recipients/reader@customer.example", FUZZ_BODY},
    {"GET", "/recipients/", FUZZ_PATH},
    {"DELETE", "/recipients/", FUZZ_PATH},
    {"PATCH", "/domains/" FUZZ_DOMAIN "/tracking", FUZZ_BODY},
};

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    fuzz_start(&wxs_tracking_service);
    return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return fuzz_request(&wxs_tracking_service, calls,
                        sizeof(calls) / sizeof(calls[0]), data, size) < 0
               ? -1
               : 0;
}
