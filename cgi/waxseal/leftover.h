#ifndef WXS_WAXSEAL_LEFTOVER_H
#define WXS_WAXSEAL_LEFTOVER_H

/* Ends the nginx workers on the state directory whose master is gone: killed
 * together with their supervisor, they would keep the addresses. An nginx that
 * has its master is somebody's wish and left alone. dir is absolute, without
 * symbolic links. */
void wxs_leftover_end(const char *dir);

#endif
