#ifndef WXS_TRACKING_WORKSHOP_H
#define WXS_TRACKING_WORKSHOP_H

#include "minter.h"
#include "seal.h"

/* Where messages and links are made. */
typedef struct {
    const wxs_config *config;
    wxs_db *control;
    const wxs_seal_key *link_key;
    int64_t account; /* that owns the domain */
} wxs_workshop;

/* Gets the minter of a message ready, with the domain's current key; free it
 * whatever this returns. False with error filled. */
bool wxs_workshop_minter(const wxs_workshop *workshop,
                         const wxs_tracking_domain *domain,
                         const uint8_t message_id[WXS_MESSAGE_ID_SIZE],
                         wxs_mode mode, wxs_minter *minter, wxs_error *error);

#endif
