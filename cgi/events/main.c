#include "events_list.h"
#include "usage.h"

#define BODY_MAX 65536

static const wxs_route routes[] = {
    {"GET", "/events", WXS_FULL_ACCESS, wxs_events_list},
    {"GET", "/usage", WXS_FULL_ACCESS, wxs_usage_get},
    {0},
};

int
main(int argc, char **argv)
{
    static const wxs_service service = {
        .name = "waxseal-events",
        .routes = routes,
        .uses_events = true,
        .body_max = BODY_MAX,
    };

    return wxs_service_main(&service, argc, argv);
}
