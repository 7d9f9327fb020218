#ifndef WXS_DOMAINS_DKIM_STORE_H
#define WXS_DOMAINS_DKIM_STORE_H

#include "box.h"
#include "dkim_pair.h"
#include "names.h"
#include "uuid.h"

/* Rows of dkim_keys in control.db: the keys of domains. */

#define WXS_SELECTOR_TEXT (WXS_LABEL_MAX + 1)

typedef struct {
    char selector[WXS_SELECTOR_TEXT];
    char algorithm[16];
    char public_key[WXS_DKIM_PUBLIC_TEXT]; /* base64 */
    char state[16];
    bool imported;
    int64_t taken_at; /* microseconds, 0 = none */
    int64_t activated_at;
    int64_t retiring_since;
} wxs_dkim_key;

bool wxs_dkim_is_ed25519(const wxs_dkim_key *key);

/* Fills the next selector: the instance's prefix and a generation that no key
 * of this name ever had, so that mail signed with an old key can still be
 * verified. */
bool wxs_dkim_next_selector(wxs_db *db, const char *name,
                            char selector[WXS_SELECTOR_TEXT], wxs_error *error);

/* May an imported key have this selector? 1; 0 if a key of this name had it or
 * it is of the form of our own; -1 error filled. */
int wxs_dkim_selector_free(wxs_db *db, const char *name, const char *selector,
                           wxs_error *error);

/* Stores the pair as the domain's key, pending, with its private half in a box.
 * key has the selector and whether it is imported; the rest is filled. Inside a
 * write transaction. */
bool wxs_dkim_insert(wxs_db *db, const wxs_box_key *box, int64_t domain,
                     const wxs_dkim_pair *pair, int64_t now, wxs_dkim_key *key,
                     wxs_error *error);

/* A statement over the domain's keys that are not retired, the oldest first;
 * each step is read by wxs_dkim_row(). NULL with error filled. */
sqlite3_stmt *wxs_dkim_walk(wxs_db *db, int64_t domain, wxs_error *error);
bool wxs_dkim_row(sqlite3_stmt *row, wxs_dkim_key *key, wxs_error *error);

/* Retires the key now: wipes its private half and removes its record. Inside a
 * write transaction. */
bool wxs_dkim_retire(wxs_db *db, int64_t domain, const char *selector,
                     wxs_error *error);

/* Retires all keys of a domain that is deleted. */
bool wxs_dkim_retire_all(wxs_db *db, int64_t domain, wxs_error *error);

#endif
