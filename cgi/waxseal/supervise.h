#ifndef WXS_WAXSEAL_SUPERVISE_H
#define WXS_WAXSEAL_SUPERVISE_H

#include "child.h"

#include <stddef.h>

/* What happens beside keeping programs alive. */
typedef struct {
    /* Called now and then until it returns true: are the programs ready? NULL
     * if nobody wants to know. */
    bool (*ready)(void *user);
    /* SIGHUP: makes the configuration anew; false keeps the present one. */
    bool (*reload)(void *user);
    /* The end begins. */
    void (*stopping)(void *user);
    void *user;
} wxs_supervise_hooks;

/* Prepares the process: adopts orphans, keeps signals for wxs_supervise(). To
 * be called early, so that no signal is lost. False with errno. */
bool wxs_supervise_prepare(void);

/* Keeps the children running until TERM, INT or QUIT, then stops them: first
 * front, the first of them, which serves the clients, then those it works with.
 * A second signal hurries. Returns when no process is left. */
void wxs_supervise(wxs_child *children, size_t count,
                   const wxs_supervise_hooks *hooks);

#endif
