#ifndef WXS_SHARED_FCGI_H
#define WXS_SHARED_FCGI_H

#include "service.h"

/* The FastCGI transport. */

/* Serves requests from the listening socket until stop_fd is readable, then
 * finishes the one in hand. For a thread; context is its own. The socket must
 * be non-blocking, and FCGX_Init() must have run. */
void wxs_fcgi_serve(const wxs_service *service, wxs_context *context,
                    int listen_fd, int stop_fd);

#endif
