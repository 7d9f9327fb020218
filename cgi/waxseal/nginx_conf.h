#ifndef WXS_WAXSEAL_NGINX_CONF_H
#define WXS_WAXSEAL_NGINX_CONF_H

#include "config.h"

/* Fills the placeholders of a template: @MODULE@ (the nginx module's path),
 * @WORKERS@, @DIR@, @EDGE_LISTEN@, @EDGE_TLS_LISTEN@, @API_LISTEN@, @REGION@,
 * @TRUSTED_GEO@ and @TRUSTED_REALIP@. The caller frees the result. NULL with
 * error filled, among others for a path that nginx cannot quote. */
char *wxs_nginx_conf_make(const char *text, const wxs_config *config,
                          const char *module, int workers, wxs_error *error);

/* Writes DIR/run/nginx.conf and DIR/run/fastcgi.conf anew. */
bool wxs_nginx_conf_write(const wxs_config *config, const char *module,
                          int workers, wxs_error *error);

#endif
