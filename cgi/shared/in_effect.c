#include "in_effect.h"

#include <stdio.h>
#include <unistd.h>

#include "clock.h"
#include "table_build.h"

#define WAIT_MS 3000
#define POLL_US 10000

static bool
has_applied(const char *path, uint64_t sequence)
{
    wxs_table_info info;
    wxs_table table;

    if (wxs_table_open(&table, path) != WXS_OK)
        return false;
    wxs_table_get_info(&table, &info);
    wxs_table_close(&table);
    return info.applied >= sequence;
}

bool
wxs_in_effect(wxs_db *control, const char *dir, bool *reached, wxs_error *error)
{
    int64_t end = wxs_monotonic_ms() + WAIT_MS;
    uint64_t newest;
    char path[512];

    (void)snprintf(path, sizeof path, "%s/table.wxt", dir);
    if (!wxs_table_newest_change(control, &newest, error))
        return false;
    while (!(*reached = has_applied(path, newest)) && wxs_monotonic_ms() < end)
        (void)usleep(POLL_US);
    return true;
}
