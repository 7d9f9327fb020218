#ifndef WXS_DELIVER_TARGET_H
#define WXS_DELIVER_TARGET_H

#include "db.h"
#include "uuid.h"
#include "webhook_secret.h"

#define WXS_TARGET_SECRETS_MAX 8

typedef enum {
    WXS_TARGET_DELETED,
    WXS_TARGET_DISABLED,
    WXS_TARGET_ENABLED,
} wxs_target_state;

/* A webhook as control.db has it at present. */
typedef struct {
    int64_t webhook;
    wxs_target_state state;
    char id[WXS_UUID_TEXT];
    char endpoint[2049];
    int64_t enabled_at;
    size_t secrets; /* that sign now, the current one first */
    uint8_t secret[WXS_TARGET_SECRETS_MAX][WXS_WEBHOOK_SECRET_SIZE];
} wxs_target;

/* Reads the webhook with this number; secrets only if it is enabled. */
bool wxs_target_load(wxs_db *control, const wxs_seal_key *key, int64_t webhook,
                     int64_t now, wxs_target *target, wxs_error *error);

/* Disables the webhook, for the reason given, unless it was enabled or changed
 * after enabled_at; *done tells. In a transaction of its own. */
bool wxs_target_disable(wxs_db *control, const wxs_target *target,
                        const char *reason, bool *done, wxs_error *error);

#endif
