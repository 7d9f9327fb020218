#ifndef WXS_CERTS_ORDER_H
#define WXS_CERTS_ORDER_H

#include <pthread.h>

#include "account.h"
#include "client.h"
#include "fetch.h"
#include "issued.h"

/* What all threads that make orders share. */
typedef struct {
    const wxs_config *config;
    wxs_acme_client client;
    psl_ctx_t *suffixes; /* NULL: nothing is known of public suffixes */
    char authority[254]; /* in CAA records, "" = not known */
    char thumbprint[WXS_THUMBPRINT_TEXT];
    pthread_mutex_t lock;  /* of what follows */
    bool registered;       /* the account, with this process's knowledge */
    int64_t blocked_until; /* the authority does not answer */
    int blocked_times;     /* in a row */
    char blocked_message[WXS_ACME_MESSAGE_TEXT];
} wxs_order_office;

/* What one of these threads has to itself. */
typedef struct {
    wxs_order_office *office;
    int number; /* tells its files from those of others */
    wxs_db *db;
    wxs_lookup *lookup;
    wxs_issued issued;
} wxs_order_desk;

/* Makes the order: asks CAA, the host itself, then the authority, and writes
 * down what came of it. False with error filled if that cannot be written. */
bool wxs_order_make(wxs_order_desk *desk, const wxs_order *order,
                    wxs_error *error);

/* Writes down that the order came to nothing for a reason of this machine's;
 * false with error filled if not even that can be written. */
bool wxs_order_give_up(wxs_order_desk *desk, const wxs_order *order,
                       const wxs_error *reason, wxs_error *error);

#endif
