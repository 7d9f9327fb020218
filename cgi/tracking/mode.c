#include "mode.h"

#include <string.h>

static const char *const names[] = {
    [WXS_MODE_OFF] = "off",
    [WXS_MODE_ANONYMOUS] = "anonymous",
    [WXS_MODE_PSEUDONYMOUS] = "pseudonymous",
    [WXS_MODE_FULL] = "full",
};

const char *
wxs_mode_name(wxs_mode mode)
{
    return names[mode];
}

bool
wxs_mode_read(const char *name, wxs_mode *mode)
{
    for (size_t i = 0; name != NULL && i < sizeof(names) / sizeof(names[0]);
         i++) {
        if (strcmp(name, names[i]) == 0) {
            *mode = (wxs_mode)i;
            return true;
        }
    }
    return false;
}
