#ifndef WXS_WAXSEAL_LISTENERS_H
#define WXS_WAXSEAL_LISTENERS_H

#include "error.h"

/* Listens on a unix socket at path, mode 0660, in place of one that a former
 * process left there. The caller closes the descriptor (close-on-exec) and must
 * know that nobody else serves this path. -1 with error filled. */
int wxs_listen_unix(const char *path, wxs_error *error);

#endif
