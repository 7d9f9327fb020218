#ifndef WXS_CERTS_CLIENT_H
#define WXS_CERTS_CLIENT_H

#include "client_output.h"
#include "config.h"

/* The ACME client, uacme(1), as a child process with bounded time. It is given
 * the account's key and a request, never the key of a certificate. */

typedef struct {
    const wxs_config *config;
    char folder[420]; /* DIR/acme */
    int stop_fd;      /* readable: what runs is ended */
} wxs_acme_client;

/* Fills the client and writes the hook that takes HTTP challenges, which nginx
 * answers, and declines all others. */
bool wxs_acme_open(wxs_acme_client *client, const wxs_config *config,
                   int stop_fd, wxs_error *error);

/* Registers the account of the key in the folder; one that exists is fine. */
void wxs_acme_register(const wxs_acme_client *client,
                       wxs_acme_outcome *outcome);

/* Orders a certificate for the request in the file NAME.csr; on success it is
 * in NAME-cert.pem. */
void wxs_acme_issue(const wxs_acme_client *client, const char *request,
                    wxs_acme_outcome *outcome);

#endif
