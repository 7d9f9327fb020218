#ifndef WXS_TRACKING_TRACKING_DOMAIN_H
#define WXS_TRACKING_TRACKING_DOMAIN_H

#include "../../core/table.h"
#include "auth.h"
#include "config.h"
#include "link_secret.h"
#include "tracking_fields.h"

/* A domain as the links of its messages need it. */
typedef struct {
    int64_t number;
    uint8_t id[WXS_DOMAIN_ID_SIZE];
    char name[WXS_HOST_MAX + 1];
    bool open_tracking; /* the domain's toggles */
    bool click_tracking;
    bool killed;                  /* all its links answer 410 */
    bool tls_enforced;            /* no link is http */
    bool has_certificate;         /* of its host, here or at a CDN */
    char host[WXS_HOST_MAX + 1];  /* the verified tracking host, "" = none */
    wxs_tracking_fields settings; /* .utm points into stored_utm */
    json_t *stored_utm;           /* owned, or NULL */
} wxs_tracking_domain;

/* Finds the domain with this name (in any case) or id that the caller may send
 * from: 1 found, 0 not, -1 error filled. Free it in all cases. */
int wxs_tracking_domain_find(wxs_db *control, const wxs_identity *identity,
                             const char *wanted, wxs_tracking_domain *domain,
                             wxs_error *error);

/* Can links be minted for the domain now? */
typedef enum {
    WXS_LINKS_READY,
    WXS_LINKS_NO_HOST,        /* no tracking host is verified */
    WXS_LINKS_NO_CERTIFICATE, /* they must be https, which would not work yet */
} wxs_links_readiness;

wxs_links_readiness wxs_tracking_domain_links(const wxs_tracking_domain *domain,
                                              const wxs_config *config);

/* Are its links https? Where a CDN ends TLS the operator says so; else they are
 * as soon as the host has a certificate. */
bool wxs_tracking_domain_https(const wxs_tracking_domain *domain,
                               const wxs_config *config);

void wxs_tracking_domain_free(wxs_tracking_domain *domain);

/* Reads the domain's link secret, and makes it if there is none yet. */
bool wxs_tracking_domain_secret(wxs_db *control, const wxs_seal_key *key,
                                const wxs_tracking_domain *domain,
                                wxs_link_secret *secret, wxs_error *error);

#endif
