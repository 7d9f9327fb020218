#ifndef WXS_WAXSEAL_PROGRAMS_H
#define WXS_WAXSEAL_PROGRAMS_H

#include <limits.h>

#include "error.h"

/* Where the programs and the module lie. */
typedef struct {
    char folder[PATH_MAX]; /* of the own executable and the programs */
    char module[PATH_MAX]; /* ngx_http_waxseal_module.so */
    char nginx[PATH_MAX];
} wxs_programs;

/* Finds the programs beside the running executable, the module as
 * ../ngx_http_waxseal_module.so or ../lib/waxseal/ngx_http_waxseal_module.so
 * from there, nginx in PATH, /usr/sbin, /usr/local/sbin or /sbin, and sees to
 * it that the present user can use them. */
bool wxs_programs_find(wxs_programs *programs, wxs_error *error);

#endif
