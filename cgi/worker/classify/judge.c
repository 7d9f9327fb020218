#include "judge.h"

static wxs_judgement
human(wxs_reason reason, int certainty)
{
    return (wxs_judgement){WXS_VERDICT_HUMAN, reason, (uint8_t)certainty};
}

static wxs_judgement
machine(wxs_reason reason, int certainty)
{
    return (wxs_judgement){WXS_VERDICT_MACHINE, reason, (uint8_t)certainty};
}

static wxs_judgement
proxy(int certainty)
{
    return (wxs_judgement){WXS_VERDICT_PROXY, WXS_REASON_IMAGE_PROXY,
                           (uint8_t)certainty};
}

static wxs_judgement
unknown(wxs_reason reason, int certainty)
{
    return (wxs_judgement){WXS_VERDICT_UNKNOWN, reason, (uint8_t)certainty};
}

static wxs_judgement
of_machine_agent(uint8_t kind)
{
    static const wxs_reason reasons[WXS_AGENT_KINDS] = {
        [WXS_AGENT_LIBRARY] = WXS_REASON_HTTP_LIBRARY,
        [WXS_AGENT_AUTOMATION] = WXS_REASON_AUTOMATION,
        [WXS_AGENT_SCANNER] = WXS_REASON_SCANNER,
        [WXS_AGENT_CRAWLER] = WXS_REASON_CRAWLER,
        [WXS_AGENT_PREVIEW] = WXS_REASON_LINK_PREVIEW,
        [WXS_AGENT_MONITOR] = WXS_REASON_MONITOR,
        [WXS_AGENT_FEED] = WXS_REASON_FEED_READER,
    };

    return machine(reasons[kind], 97);
}

static wxs_origin
origin(const wxs_network_note *from, wxs_token_type type)
{
    if (from == NULL)
        return WXS_FROM_ANYBODY;
    return (wxs_origin)(type == WXS_TOKEN_OPEN ? from->open : from->click);
}

static wxs_judgement
of_open(const wxs_agent *agent, const wxs_network_note *from)
{
    wxs_origin by = origin(from, WXS_TOKEN_OPEN);

    if (agent->is_proxy)
        return proxy(97);
    if (agent->is_bare)
        return proxy(by == WXS_FROM_RELAY || by == WXS_FROM_PROXY ? 97 : 80);
    if (agent->machine != 0)
        return of_machine_agent(agent->machine);
    if (by == WXS_FROM_MACHINE)
        return machine(WXS_REASON_SCANNER_NETWORK, from->certainty);
    if (by == WXS_FROM_PROXY)
        return proxy(from->certainty);
    if (agent->is_empty)
        return machine(WXS_REASON_NO_AGENT, 85);
    if (agent->client != 0)
        return human(WXS_REASON_MAIL_CLIENT, 80);
    if (agent->is_app)
        return human(WXS_REASON_MAIL_CLIENT, 60);
    if (!agent->has_engine)
        return unknown(WXS_REASON_ODD_AGENT, 30);
    if (by == WXS_FROM_RELAY)
        return human(WXS_REASON_PRIVACY_RELAY, 65);
    return human(WXS_REASON_BROWSER, agent->is_ancient ? 55 : 70);
}

static wxs_judgement
of_click(const wxs_agent *agent, const wxs_network_note *from)
{
    wxs_origin by = origin(from, WXS_TOKEN_CLICK);

    if (agent->machine != 0)
        return of_machine_agent(agent->machine);
    if (agent->is_proxy)
        return machine(WXS_REASON_IMAGE_PROXY, 85);
    if (by == WXS_FROM_MACHINE)
        return machine(WXS_REASON_SCANNER_NETWORK, from->certainty);
    if (agent->is_empty)
        return machine(WXS_REASON_NO_AGENT, 85);
    if (agent->is_bare)
        return machine(WXS_REASON_BARE_AGENT, 80);
    if (agent->client != 0 && !agent->has_engine)
        return machine(WXS_REASON_CLIENT_PREFLIGHT, 70);
    if (agent->is_app)
        return machine(WXS_REASON_HTTP_LIBRARY, 75);
    if (agent->is_ancient)
        return machine(WXS_REASON_ANCIENT_BROWSER, 65);
    if (!agent->has_engine)
        return unknown(WXS_REASON_ODD_AGENT, 30);
    if (by == WXS_FROM_RELAY)
        return human(WXS_REASON_PRIVACY_RELAY, 75);
    return human(WXS_REASON_BROWSER, 75);
}

wxs_judgement
wxs_judge(const wxs_judge_facts *facts)
{
    if ((facts->flags & WXS_EVENT_HEAD) != 0)
        return machine(WXS_REASON_HEAD_REQUEST, 99);
    if ((facts->flags & WXS_EVENT_PREFETCH) != 0)
        return machine(WXS_REASON_PREFETCH_HEADER, 95);
    /* recorded only when the recipient's mail client posts it */
    if (facts->type == WXS_TOKEN_UNSUBSCRIBE)
        return human(WXS_REASON_ONE_CLICK, 90);
    if (facts->mode != WXS_MODE_PSEUDONYMOUS && facts->mode != WXS_MODE_FULL)
        return unknown(WXS_REASON_ANONYMOUS, 0);
    return facts->type == WXS_TOKEN_OPEN ? of_open(&facts->agent, facts->from)
                                         : of_click(&facts->agent, facts->from);
}
