#ifndef WXS_WAXSEAL_HELD_H
#define WXS_WAXSEAL_HELD_H

#include <stddef.h>

#include "config.h"

#define WXS_HELD_WORKERS 32
#define WXS_HELD_MAX     (2 * WXS_HELD_WORKERS + 1)

/* The listening sockets that nginx inherits. They stay open while nginx dies,
 * or is replaced by a new binary: clients wait instead of being refused. */
typedef struct {
    int fd[WXS_HELD_MAX];
    size_t count;
} wxs_held;

/* Listens on the addresses of the settings: on those of the edge once for each
 * of nginx's workers, as its "reuseport" wants it. */
bool wxs_held_open(wxs_held *held, const wxs_config *config, int workers,
                   wxs_error *error);

void wxs_held_close(wxs_held *held);

#endif
