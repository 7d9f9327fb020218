#ifndef WXS_WAXSEAL_CERTIFICATE_H
#define WXS_WAXSEAL_CERTIFICATE_H

#include "error.h"

/* Makes dir/fallback.key (P-256, mode 0600) and dir/fallback.pem (self-signed,
 * ten years) where they are missing: nginx wants a certificate for hosts that
 * have none of their own yet. */
bool wxs_certificate_make(const char *dir, wxs_error *error);

#endif
