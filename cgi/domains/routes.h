#ifndef WXS_DOMAINS_ROUTES_H
#define WXS_DOMAINS_ROUTES_H

#include "service.h"

/* The program waxseal-domains. The state of its contexts is the public suffix
 * list, a psl_ctx_t. */
extern const wxs_service wxs_domains_service;

/* The handlers, one file each. */
wxs_handler wxs_domains_create;          /* POST /domains */
wxs_handler wxs_domains_list;            /* GET /domains */
wxs_handler wxs_domains_get;             /* GET /domains/{id} */
wxs_handler wxs_domains_update;          /* PATCH /domains/{id} */
wxs_handler wxs_domains_delete;          /* DELETE /domains/{id} */
wxs_handler wxs_domains_verify;          /* POST /domains/{id}/verify */
wxs_handler wxs_domains_retry;           /* POST /domains/{id}/retry */
wxs_handler wxs_domains_verify_all;      /* POST /domains/verify */
wxs_handler wxs_domains_verify_progress; /* GET /domains/verify */
wxs_handler wxs_domains_records;         /* GET /domains/{id}/records */
wxs_handler wxs_domains_history;         /* GET /domains/{id}/history */
wxs_handler wxs_domains_rotate;          /* POST /domains/{id}/dkim/rotate */
wxs_handler wxs_domains_end_key; /* DELETE /domains/{id}/dkim/{selector} */
wxs_handler wxs_domains_import;  /* POST /domains/import */
wxs_handler wxs_claims_create;   /* POST /domains/claim */
wxs_handler wxs_claims_get;      /* GET /domains/{id}/claim */
wxs_handler wxs_claims_verify;   /* POST /domains/{id}/claim/verify */
wxs_handler wxs_api_keys_create; /* POST /api-keys */
wxs_handler wxs_api_keys_list;   /* GET /api-keys */
wxs_handler wxs_api_keys_rename; /* PATCH /api-keys/{id} */
wxs_handler wxs_api_keys_delete; /* DELETE /api-keys/{id} */
wxs_handler wxs_accounts_create; /* POST /accounts */
wxs_handler wxs_accounts_list;   /* GET /accounts */
wxs_handler wxs_accounts_get;    /* GET /accounts/{id} */
wxs_handler wxs_accounts_update; /* PATCH /accounts/{id} */
wxs_handler wxs_accounts_delete; /* DELETE /accounts/{id} */
wxs_handler wxs_status_get;      /* GET /status */
wxs_handler wxs_senders_get;     /* GET /senders/{address} */
wxs_handler wxs_logs_list;       /* GET /logs */
wxs_handler wxs_logs_get;        /* GET /logs/{id} */

wxs_handler wxs_certificates_list;    /* GET /certificates */
wxs_handler wxs_certificates_metrics; /* GET /certificates/metrics */
wxs_handler wxs_certificates_renew;   /* POST /domains/{id}/certificate/renew */
wxs_handler wxs_tracking_check_ask;   /* POST /domains/{id}/tracking/check */
wxs_handler wxs_tracking_check_get;   /* GET /domains/{id}/tracking/check */

wxs_handler wxs_webhooks_create; /* POST /webhooks */
wxs_handler wxs_webhooks_list;   /* GET /webhooks */
wxs_handler wxs_webhooks_get;    /* GET /webhooks/{id} */
wxs_handler wxs_webhooks_update; /* PATCH /webhooks/{id} */
wxs_handler wxs_webhooks_delete; /* DELETE /webhooks/{id} */
wxs_handler wxs_webhooks_rotate; /* POST /webhooks/{id}/signing-secret/rotate */
wxs_handler wxs_webhooks_events; /* GET /webhooks/{id}/events */
wxs_handler wxs_webhooks_event;  /* GET /webhooks/{id}/events/{event} */
wxs_handler wxs_webhooks_attempts; /* GET …/events/{event}/attempts */
wxs_handler wxs_webhooks_replay;   /* POST …/events/{event}/replay */

#endif
