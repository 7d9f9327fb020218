#ifndef WXS_DOMAINS_ACCOUNT_JSON_H
#define WXS_DOMAINS_ACCOUNT_JSON_H

#include "account_store.h"
#include "http.h"

/* The account as the API shows it. */
json_t *wxs_account_json(const wxs_account *account);

/* Reads the fields that are there into account; false after answering. */
bool wxs_account_parse(const json_t *body, bool is_new, wxs_account *account,
                       wxs_response *response);

#endif
