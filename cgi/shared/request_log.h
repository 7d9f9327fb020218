#ifndef WXS_SHARED_REQUEST_LOG_H
#define WXS_SHARED_REQUEST_LOG_H

#include "service.h"

/* The list of requests that GET /logs shows. Requests are noted in memory; a
 * thread stores them several times a second and removes the ones that are older
 * than the setting logs.retention. Bodies are kept of writes and of errors, up
 * to a few kilobytes, and without secrets. */

/* Starts the thread; after wxs_write_open(). */
bool wxs_request_log_start(const wxs_config *config, wxs_error *error);

/* Stores what is left and ends the thread. */
void wxs_request_log_stop(void);

/* Notes a request that was answered; copies what it needs. Does nothing before
 * the start. Where more come than can be stored, the rest is counted and told
 * in the log. */
void wxs_request_log_note(const wxs_request *request,
                          const wxs_identity *identity, bool keeps_bodies,
                          const wxs_response *response);

#endif
