#include "addresses.h"

#include <gmime/gmime.h>
#include <pthread.h>

#define DEPTH_MAX 4 /* of groups inside each other */

static void
start_library(void)
{
    g_mime_init();
}

void
wxs_mime_start(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    (void)pthread_once(&once, start_library);
}

static bool
each(InternetAddressList *list, int depth,
     bool (*visit)(void *argument, const char *address), void *argument)
{
    for (int i = 0; i < internet_address_list_length(list); i++) {
        InternetAddress *item = internet_address_list_get_address(list, i);
        InternetAddressList *members;
        const char *address;

        if (INTERNET_ADDRESS_IS_GROUP(item)) {
            members = internet_address_group_get_members(
                INTERNET_ADDRESS_GROUP(item));
            if (members != NULL && depth < DEPTH_MAX &&
                !each(members, depth + 1, visit, argument))
                return false;
            continue;
        }
        address =
            internet_address_mailbox_get_addr(INTERNET_ADDRESS_MAILBOX(item));
        if (address != NULL && !visit(argument, address))
            return false;
    }
    return true;
}

bool
wxs_addresses_each(const char *list,
                   bool (*visit)(void *argument, const char *address),
                   void *argument)
{
    InternetAddressList *parsed;
    bool result;

    wxs_mime_start();
    parsed = internet_address_list_parse(NULL, list);
    if (parsed == NULL)
        return visit(argument, list);
    result = each(parsed, 0, visit, argument);
    g_object_unref(parsed);
    return result;
}
