#include "probe_resolver.h"

#include <ldns/ldns.h>
#include <stdlib.h>

#include "dns_address.h"
#include "dns_query.h"
#include "log.h"

struct wxs_resolver_probe {
    wxs_dns_query *query; /* NULL once it is over */
    char address[WXS_ADDRESS_TEXT];
};

static void
on_answer(void *data, wxs_dns_answer *answer)
{
    wxs_resolver_probe *probe = data;

    probe->query = NULL;
    if (answer == NULL || !wxs_dns_definite(answer->outcome)) {
        wxs_log(WXS_LOG_WARN,
                "the resolver does not answer, so no nameserver can be found: "
                "see the setting dns.resolver",
                "resolver", probe->address, "outcome",
                wxs_dns_outcome_name(answer == NULL ? WXS_DNS_LOCAL
                                                    : answer->outcome),
                NULL);
    } else if (!answer->authentic) {
        wxs_log(WXS_LOG_WARN,
                "the resolver does not validate with DNSSEC: broken signatures "
                "are not noticed, and forged answers are easier; use one that "
                "validates, such as unbound on this machine",
                "resolver", probe->address, NULL);
    } else {
        wxs_log(WXS_LOG_DEBUG, "the resolver validates with DNSSEC", "resolver",
                probe->address, NULL);
    }
    wxs_dns_answer_free(answer);
}

wxs_resolver_probe *
wxs_resolver_probe_start(wxs_loop *loop, const wxs_config *config)
{
    wxs_resolver_probe *probe = calloc(1, sizeof *probe);
    const wxs_dns_question question = {.name = ".",
                                       .type = LDNS_RR_TYPE_NS,
                                       .server = config->dns.resolver,
                                       .server_length =
                                           config->dns.resolver_len,
                                       .recursive = true,
                                       .dnssec = true};

    if (probe != NULL) {
        wxs_address_text((const struct sockaddr *)&question.server,
                         probe->address);
        probe->query = wxs_dns_ask(loop, &question, on_answer, probe);
    }
    if (probe == NULL || probe->query == NULL) {
        wxs_log(WXS_LOG_WARN, "the resolver could not be asked", NULL);
    }
    return probe;
}

void
wxs_resolver_probe_free(wxs_resolver_probe *probe)
{
    if (probe != NULL && probe->query != NULL) {
        wxs_dns_cancel(probe->query);
    }
    free(probe);
}
