#ifndef WXS_CLASSIFY_JUDGE_H
#define WXS_CLASSIFY_JUDGE_H

#include "../../../core/journal.h"
#include "agent.h"
#include "networks.h"

/* What one event says of itself. */
typedef struct {
    wxs_token_type type;
    wxs_mode mode;
    uint16_t flags;               /* WXS_EVENT_* */
    const wxs_network_note *from; /* NULL: an address like any other */
    wxs_agent agent;
} wxs_judge_facts;

/* The verdict on an event alone. */
wxs_judgement wxs_judge(const wxs_judge_facts *facts);

#endif
