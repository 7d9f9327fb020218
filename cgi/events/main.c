#include "routes.h"

int
main(int argc, char **argv)
{
    return wxs_service_main(&wxs_events_service, argc, argv);
}
