#include "metric.h"

#include <math.h>
#include <string.h>

static const char *const names[WXS_METRIC_COUNT] = {
    [WXS_METRIC_RECEIVED] = "received",
    [WXS_METRIC_DELIVERED] = "delivered",
    [WXS_METRIC_COMPLAINED] = "complained",
    [WXS_METRIC_SUPPRESSED] = "suppressed",
    [WXS_METRIC_BOUNCED] = "bounced",
    [WXS_METRIC_BOUNCED_TRANSIENT] = "bounced_transient",
    [WXS_METRIC_BOUNCED_PERMANENT] = "bounced_permanent",
    [WXS_METRIC_BOUNCED_UNDETERMINED] = "bounced_undetermined",
    [WXS_METRIC_OPENED] = "opened",
    [WXS_METRIC_CLICKED] = "clicked",
    [WXS_METRIC_UNSUBSCRIBED] = "unsubscribed",
    [WXS_METRIC_DELIVERY_DELAYED] = "delivery_delayed",
    [WXS_METRIC_FAILED] = "failed",
    [WXS_METRIC_SENT] = "sent",
    [WXS_METRIC_UNIQUE_OPENED] = "unique_opened",
    [WXS_METRIC_UNIQUE_CLICKED] = "unique_clicked",
    [WXS_METRIC_DELIVERY_RATE] = "delivery_rate",
    [WXS_METRIC_OPEN_RATE] = "open_rate",
    [WXS_METRIC_CLICK_RATE] = "click_rate",
    [WXS_METRIC_BOUNCE_RATE] = "bounce_rate",
    [WXS_METRIC_COMPLAINT_RATE] = "complaint_rate",
    [WXS_METRIC_UNSUBSCRIBE_RATE] = "unsubscribe_rate",
    [WXS_METRIC_HUMAN_OPENED] = "human_opened",
    [WXS_METRIC_HUMAN_CLICKED] = "human_clicked",
    [WXS_METRIC_PROXY_OPENED] = "proxy_opened",
    [WXS_METRIC_MACHINE_OPENED] = "machine_opened",
    [WXS_METRIC_MACHINE_CLICKED] = "machine_clicked",
    [WXS_METRIC_UNIQUE_HUMAN_OPENED] = "unique_human_opened",
    [WXS_METRIC_UNIQUE_HUMAN_CLICKED] = "unique_human_clicked",
    [WXS_METRIC_HUMAN_OPEN_RATE] = "human_open_rate",
    [WXS_METRIC_HUMAN_CLICK_RATE] = "human_click_rate",
};

wxs_metric
wxs_metric_find(const char *name, size_t len)
{
    for (int i = 0; i < WXS_METRIC_COUNT; i++) {
        if (strlen(names[i]) == len && memcmp(names[i], name, len) == 0)
            return (wxs_metric)i;
    }
    return WXS_METRIC_COUNT;
}

static void
add_verdict(const char *verdict, int64_t events, int64_t *human,
            int64_t *machine, int64_t *proxy)
{
    if (strcmp(verdict, "human") == 0)
        *human += events;
    else if (strcmp(verdict, "machine") == 0)
        *machine += events;
    else if (proxy != NULL && strcmp(verdict, "proxy") == 0)
        *proxy += events;
}

void
wxs_counts_add_events(wxs_counts *counts, int type, const char *verdict,
                      int64_t events)
{
    if (type == 'o') {
        counts->opened += events;
        add_verdict(verdict, events, &counts->human_opened,
                    &counts->machine_opened, &counts->proxy_opened);
    } else if (type == 'c') {
        counts->clicked += events;
        add_verdict(verdict, events, &counts->human_clicked,
                    &counts->machine_clicked, NULL);
    } else {
        counts->unsubscribed += events;
    }
}

void
wxs_counts_add(wxs_counts *sum, const wxs_counts *counts)
{
    sum->messages += counts->messages;
    sum->opened += counts->opened;
    sum->clicked += counts->clicked;
    sum->unsubscribed += counts->unsubscribed;
    sum->human_opened += counts->human_opened;
    sum->human_clicked += counts->human_clicked;
    sum->proxy_opened += counts->proxy_opened;
    sum->machine_opened += counts->machine_opened;
    sum->machine_clicked += counts->machine_clicked;
    sum->unique_opened += counts->unique_opened;
    sum->unique_clicked += counts->unique_clicked;
    sum->unique_human_opened += counts->unique_human_opened;
    sum->unique_human_clicked += counts->unique_human_clicked;
}

/* A percentage with one decimal. */
static json_t *
rate(int64_t part, int64_t whole)
{
    return json_real(
        whole > 0 ? round(1000.0 * (double)part / (double)whole) / 10 : 0);
}

/* How mail is delivered is not known here: those metrics are 0. */
static json_t *
value(wxs_metric metric, const wxs_counts *c)
{
    switch (metric) {
    case WXS_METRIC_RECEIVED:
    case WXS_METRIC_SENT:
        return json_integer(c->messages);
    case WXS_METRIC_OPENED:
        return json_integer(c->opened);
    case WXS_METRIC_CLICKED:
        return json_integer(c->clicked);
    case WXS_METRIC_UNSUBSCRIBED:
        return json_integer(c->unsubscribed);
    case WXS_METRIC_UNIQUE_OPENED:
        return json_integer(c->unique_opened);
    case WXS_METRIC_UNIQUE_CLICKED:
        return json_integer(c->unique_clicked);
    case WXS_METRIC_HUMAN_OPENED:
        return json_integer(c->human_opened);
    case WXS_METRIC_HUMAN_CLICKED:
        return json_integer(c->human_clicked);
    case WXS_METRIC_PROXY_OPENED:
        return json_integer(c->proxy_opened);
    case WXS_METRIC_MACHINE_OPENED:
        return json_integer(c->machine_opened);
    case WXS_METRIC_MACHINE_CLICKED:
        return json_integer(c->machine_clicked);
    case WXS_METRIC_UNIQUE_HUMAN_OPENED:
        return json_integer(c->unique_human_opened);
    case WXS_METRIC_UNIQUE_HUMAN_CLICKED:
        return json_integer(c->unique_human_clicked);
    case WXS_METRIC_OPEN_RATE:
        return rate(c->unique_opened, c->messages);
    case WXS_METRIC_CLICK_RATE:
        return rate(c->unique_clicked, c->messages);
    case WXS_METRIC_HUMAN_OPEN_RATE:
        return rate(c->unique_human_opened, c->messages);
    case WXS_METRIC_HUMAN_CLICK_RATE:
        return rate(c->unique_human_clicked, c->messages);
    case WXS_METRIC_UNSUBSCRIBE_RATE:
        return rate(c->unsubscribed, c->messages);
    default:
        return json_integer(0);
    }
}

bool
wxs_metrics_set(json_t *object, uint64_t metrics, const wxs_counts *counts)
{
    for (int i = 0; i < WXS_METRIC_COUNT; i++) {
        if ((metrics >> i & 1) != 0 &&
            json_object_set_new(object, names[i],
                                value((wxs_metric)i, counts)) != 0)
            return false;
    }
    return true;
}

json_t *
wxs_metric_names(uint64_t metrics)
{
    json_t *list = json_array();

    for (int i = 0; i < WXS_METRIC_COUNT; i++) {
        if (list != NULL && (metrics >> i & 1) != 0 &&
            json_array_append_new(list, json_string(names[i])) != 0) {
            json_decref(list);
            list = NULL;
        }
    }
    return list;
}
