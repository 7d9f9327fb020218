#ifndef WXS_DOMAINS_DOMAIN_STORE_H
#define WXS_DOMAINS_DOMAIN_STORE_H

#include "db.h"
#include "names.h"
#include "uuid.h"

/* A row of domains in control.db. Times in microseconds, 0 = none. */
typedef struct {
    int64_t number;
    int64_t account;
    char id[WXS_UUID_TEXT];
    char name[WXS_NAME_TEXT];
    char region[32];
    char return_path[WXS_LABEL_MAX + 1];
    char tracking[WXS_NAME_TEXT]; /* label of the newest host, "" = none */
    bool open_tracking;
    bool click_tracking;
    char tls[16];
    bool dkim_cname; /* new DKIM keys stand in the operator's zone */
    char dns_zone[WXS_NAME_TEXT]; /* as the worker found it, "" = not yet */
    char dns_provider[32];        /* its id, "" = not known */
    char state[24];
    int64_t state_since;
    int64_t checked_at;
    int64_t next_check_at;
    int64_t unknown_since; /* verified: checks have found out nothing since */
    int64_t created_at;
} wxs_domain;

/* Every function below takes the number of the account that asks, and sees no
 * domain of another one and no deleted one. */

/* 1 found, 0 not, -1 error filled. */
int wxs_domain_find(wxs_db *db, int64_t account, const char *id,
                    wxs_domain *domain, wxs_error *error);

int wxs_domain_find_name(wxs_db *db, int64_t account, const char *name,
                         wxs_domain *domain, wxs_error *error);

/* A place in the list of an account, which is sorted by creation. */
typedef struct {
    int64_t created_at;
    int64_t number;
} wxs_domain_cursor;

/* Where the domain with this id is, or was before it was deleted: 1, 0, -1. */
int wxs_domain_locate(wxs_db *db, int64_t account, const char *id,
                      wxs_domain_cursor *cursor, wxs_error *error);

typedef enum {
    WXS_OLDER,
    WXS_NEWER
} wxs_direction;

/* What domains a walk shows; "" = any. */
typedef struct {
    char state[24];
    char region[32];
} wxs_domain_filter;

/* A statement that walks away from the cursor (exclusive) by at most limit
 * domains, -1 = all; each step is read by wxs_domain_row(). filter must live
 * until it is done. NULL with error filled. */
sqlite3_stmt *wxs_domain_walk(wxs_db *db, int64_t account,
                              wxs_direction direction,
                              const wxs_domain_cursor *cursor,
                              const wxs_domain_filter *filter, int64_t limit,
                              wxs_error *error);
bool wxs_domain_row(sqlite3_stmt *row, wxs_domain *domain, wxs_error *error);

/* Has the account a domain of this name, or, if others count, has another one
 * proved that it is its own? 1, 0, -1. */
int wxs_domain_name_taken(wxs_db *db, int64_t account, const char *name,
                          bool others, wxs_error *error);

/* Stores a new domain, and fills its number. Inside a write transaction. */
bool wxs_domain_insert(wxs_db *db, wxs_domain *domain, wxs_error *error);

/* Stores open_tracking, click_tracking and tls. */
bool wxs_domain_save_options(wxs_db *db, const wxs_domain *domain,
                             wxs_error *error);

/* Stores dkim_cname. */
bool wxs_domain_save_dkim(wxs_db *db, const wxs_domain *domain,
                          wxs_error *error);

/* Makes the domain pending from now on, with a window of its own. */
bool wxs_domain_restart(wxs_db *db, const wxs_domain *domain, int64_t now,
                        int64_t next_check_at, wxs_error *error);

/* Asks for a check at this time, unless an earlier one is due. */
bool wxs_domain_ask_check(wxs_db *db, const wxs_domain *domain,
                          int64_t next_check_at, wxs_error *error);

/* The same for a user's request, which finds the nameservers anew. If a check
 * is running that began at joined_since or later, the request joins it. */
bool wxs_domain_request_check(wxs_db *db, const wxs_domain *domain, int64_t now,
                              int64_t next_check_at, int64_t joined_since,
                              wxs_error *error);

/* Whoever else waits for the name is checked now. */
bool wxs_domain_delete(wxs_db *db, const wxs_domain *domain, int64_t now,
                       wxs_error *error);

/* Adds to the history; from NULL for a new domain. */
bool wxs_history_add(wxs_db *db, int64_t domain, int64_t at, const char *from,
                     const char *to, const char *cause, wxs_error *error);

#endif
