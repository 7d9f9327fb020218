#ifndef WXS_DOMAINS_CLAIM_STORE_H
#define WXS_DOMAINS_CLAIM_STORE_H

#include "db.h"
#include "uuid.h"

/* A row of claims in control.db. Times in microseconds. */
typedef struct {
    char id[WXS_UUID_TEXT];
    char status[16];
    int64_t created_at;
    int64_t expires_at;
} wxs_claim;

/* Makes a claim for the domain, in the place of one that it has. Inside a write
 * transaction. */
bool wxs_claim_insert(wxs_db *db, const char *id, int64_t domain, int64_t now,
                      int64_t expires_at, wxs_error *error);

/* The claim of the domain, "expired" told: 1 found, 0 there is none, -1. */
int wxs_claim_find(wxs_db *db, int64_t domain, int64_t now, wxs_claim *claim,
                   wxs_error *error);

/* Does another account hold the name? 1, 0, -1. */
int wxs_claim_is_held(wxs_db *db, int64_t account, const char *name,
                      wxs_error *error);

#endif
