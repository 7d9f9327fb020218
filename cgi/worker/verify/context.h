#ifndef WXS_VERIFY_CONTEXT_H
#define WXS_VERIFY_CONTEXT_H

#include "check.h"

/* What all checks of a worker share beside the settings. */

typedef struct wxs_check_context wxs_check_context;

/* NULL with error filled. A landmarks.txt that is not well formed is logged. */
wxs_check_context *wxs_check_context_new(const wxs_config *config,
                                         wxs_error *error);
void wxs_check_context_free(wxs_check_context *context); /* accepts NULL */

/* Fills those members of a job that do not come from the database. They live
 * as long as the context and the job's domain. */
void wxs_check_context_apply(const wxs_check_context *context,
                             wxs_check_job *job);

#endif
