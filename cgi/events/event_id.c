#include "event_id.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PREFIX "evt_"
#define DIGITS 16

void
wxs_event_id_format(int64_t id, char text[WXS_EVENT_ID_TEXT])
{
    snprintf(text, WXS_EVENT_ID_TEXT, PREFIX "%016" PRIx64, (uint64_t)id);
}

bool
wxs_event_id_parse(const char *text, int64_t *id)
{
    const char *digits = text + sizeof(PREFIX) - 1;
    uint64_t value;

    if (strncmp(text, PREFIX, sizeof(PREFIX) - 1) != 0 ||
        strspn(digits, "0123456789abcdef") != DIGITS || digits[DIGITS] != '\0')
        return false;
    value = strtoull(digits, NULL, 16);
    if (value == 0 || value > INT64_MAX)
        return false;
    *id = (int64_t)value;
    return true;
}
