#include "schedule.h"

int64_t
wxs_check_due(const wxs_domain *domain, const wxs_config *config, int64_t now)
{
    int64_t earliest =
        domain->checked_at + config->verify.min_interval_ms * 1000;

    return earliest > now ? earliest : now;
}
