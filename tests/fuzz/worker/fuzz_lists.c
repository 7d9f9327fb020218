/* Lists of networks and of agents, and agents that are looked for: any text is
 * read or refused with its line; what was read answers for any address and
 * agent. The first byte chooses the list; a NUL ends it, the rest is an agent
 * or an address. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "classify/agent.h"
#include "classify/networks.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_error(const wxs_error *error)
{
    if (strncmp(error->text, "line ", 5) != 0 &&
        strcmp(error->text, "the list is too long") != 0)
        abort();
}

static void
try_networks(const char *list, const char *rest, size_t len)
{
    wxs_network_table table;
    wxs_error error = {""};
    uint8_t address[16] = {0};
    const wxs_network_note *note;

    if (!wxs_network_table_parse(list, &table, &error)) {
        check_error(&error);
        return;
    }
    memcpy(address, rest, len < sizeof address ? len : sizeof address);
    note = wxs_network_find(&table, address);
    if (note != NULL && (note->certainty > 100 || note->open > WXS_FROM_RELAY))
        abort();
    for (size_t i = 1; i < table.count4; i++) {
        if (table.start4[i] <= table.start4[i - 1])
            abort();
    }
    wxs_network_table_free(&table);
}

static void
try_agents(const char *list, const char *rest, size_t len)
{
    wxs_agent_list agents;
    wxs_error error = {""};
    wxs_agent agent;

    if (!wxs_agent_list_parse(list, &agents, &error)) {
        check_error(&error);
        return;
    }
    agent = wxs_agent_read(&agents, rest, len);
    if (agent.machine >= WXS_AGENT_KINDS ||
        agent.client >= agents.names_count || agent.device >= WXS_DEVICES)
        abort();
    wxs_agent_list_free(&agents);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text;
    size_t list_len;

    if (size == 0)
        return 0;
    text = malloc(size);
    if (text == NULL)
        abort();
    memcpy(text, data + 1, size - 1);
    text[size - 1] = '\0';
    list_len = strlen(text);
    if (list_len < size - 1)
        list_len++;
    if (data[0] % 2 == 0)
        try_networks(text, text + list_len, size - 1 - list_len);
    else
        try_agents(text, text + list_len, size - 1 - list_len);
    free(text);
    return 0;
}
