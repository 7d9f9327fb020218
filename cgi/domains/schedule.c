#include "schedule.h"

#include <string.h>

int64_t
wxs_check_due(const wxs_domain *domain, const wxs_config *config, int64_t now)
{
    int64_t earliest =
        domain->checked_at + config->verify.min_interval_ms * 1000;

    return earliest > now ? earliest : now;
}

bool
wxs_is_checked(const wxs_domain *domain)
{
    return strcmp(domain->state, "not_started") != 0 &&
           strcmp(domain->state, "failed") != 0;
}
