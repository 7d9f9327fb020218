#include "context.h"

#include <libpsl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "log.h"

struct wxs_check_context {
    psl_ctx_t *suffixes;
    char authority[254]; /* "" unknown */
    wxs_landmarks landmarks;
};

/* Without a sound list of the operator's there is still that of the program:
 * what it is good for is words of explanation. */
static void
load_landmarks(wxs_check_context *context, const wxs_config *config)
{
    wxs_error error = {""};

    if (!wxs_landmarks_load(config->dir, &context->landmarks, &error)) {
        wxs_log(WXS_LOG_ERROR, "landmarks.txt is not used", "error", error.text,
                NULL);
        (void)wxs_landmarks_builtin(&context->landmarks, &error);
    }
}

wxs_check_context *
wxs_check_context_new(const wxs_config *config, wxs_error *error)
{
    wxs_check_context *context = calloc(1, sizeof *context);

    if (context == NULL) {
        wxs_fail(error, "out of memory");
        return NULL;
    }
    load_landmarks(context, config);
    context->suffixes = psl_latest(NULL);
    const char *authority = config->acme.ca[0] != '\0'
                                ? config->acme.ca
                                : wxs_caa_authority(config->acme.directory);

    if (authority != NULL) {
        (void)snprintf(context->authority, sizeof context->authority, "%.*s",
                       (int)strcspn(authority, " "), authority);
    }
    return context;
}

void
wxs_check_context_free(wxs_check_context *context)
{
    if (context != NULL) {
        psl_free(context->suffixes);
        free(context);
    }
}

void
wxs_check_context_apply(const wxs_check_context *context, wxs_check_job *job)
{
    const char *organizational =
        context->suffixes == NULL
            ? NULL
            : psl_registrable_domain(context->suffixes, job->domain);

    job->organizational = organizational == NULL ? job->domain : organizational;
    job->landmarks = &context->landmarks;
    job->authority = context->authority[0] == '\0' ? NULL : context->authority;
    /* Only makes a name that nobody publishes; a failure means an old one. */
    (void)!getrandom(&job->chance, sizeof job->chance, 0);
}
