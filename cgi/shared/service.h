#ifndef WXS_SHARED_SERVICE_H
#define WXS_SHARED_SERVICE_H

#include "auth.h"
#include "config.h"
#include "db.h"
#include "event_parts.h"
#include "http.h"

/* A FastCGI program: a table of routes and what its handlers need. */

/* What a handler works with; one for each thread, kept between requests. */
typedef struct {
    const wxs_config *config;
    wxs_db *control;        /* this thread's own connection, for reading */
    wxs_db *events;         /* the same of events.db, NULL unless asked for */
    wxs_db *counts;         /* with events: the same of counts.db */
    wxs_event_parts *parts; /* with events: the partitions */
    wxs_db *requests;       /* the same of requests.db */
    wxs_db *webhooks;       /* the same of webhooks.db */
    void *state;            /* the program's own, see wxs_service */
    wxs_identity identity;  /* of the present request */
} wxs_context;

/* Answers the request; runs after authentication. */
typedef void wxs_handler(wxs_context *context, const wxs_request *request,
                         wxs_response *response);

typedef struct {
    const char *method;
    const char *pattern; /* "/domains/{id}/verify" */
    wxs_permission needed;
    wxs_handler *handler;
} wxs_route;

typedef struct {
    const char *name;        /* "waxseal-domains" */
    const wxs_route *routes; /* the last has a NULL method */
    bool uses_events;
    bool uses_webhooks;     /* reads webhooks.db */
    bool keeps_bodies;      /* of writes and errors, for GET /logs */
    size_t body_max;        /* bytes; a larger body is 413 */
    const char *large_path; /* the one path that takes more, or NULL */
    size_t large_body_max;
    /* Called once before the first request; fills *state. NULL if not used. */
    bool (*start)(const wxs_config *config, void **state, wxs_error *error);
    void (*stop)(void *state);
} wxs_service;

/* The whole main() of a FastCGI program:
 *   program --dir DIR [--config FILE] [--socket PATH] [--threads N] | --help
 * Serves on file descriptor 0 when that is a listening socket (as a
 * supervisor gives it), else on --socket, until TERM or INT; then finishes what
 * it has. Returns the exit code. */
int wxs_service_main(const wxs_service *service, int argc, char **argv);

/* Opens the databases that the service reads; the rest of the context is left
 * alone. Close it also after a failure. */
bool wxs_context_open(wxs_context *context, const wxs_service *service,
                      const char *dir, wxs_error *error);
void wxs_context_close(wxs_context *context);

/* How large a body of the request may be. */
size_t wxs_service_body_max(const wxs_service *service,
                            const wxs_request *request);

/* The transport's way in, and the tests': route, authenticate, handle. Always
 * leaves a complete response. A body of more than body_max bytes is not looked
 * at, only its length. */
void wxs_service_handle(const wxs_service *service, wxs_context *context,
                        wxs_request *request, wxs_response *response);

/* Writes: one connection a process, behind a mutex, because SQLite's writers
 * starve each other. begin locks and starts a BEGIN IMMEDIATE transaction;
 * NULL with error filled. Exactly one of commit or abort must follow. Threads
 * that wait for their turn meanwhile join the transaction, and all of them wait
 * for its one commit; what one of them aborts is taken back alone. */
wxs_db *wxs_write_begin(wxs_db_kind kind, wxs_error *error);
bool wxs_write_commit(wxs_db *db, wxs_error *error);
void wxs_write_abort(wxs_db *db);

/* Is there a connection to write to this database? */
bool wxs_write_is_open(wxs_db_kind kind);

/* Opens the write connections (service_main does it; tests call it). */
bool wxs_write_open(const char *dir, bool uses_events, wxs_error *error);
void wxs_write_close(void);

/* Answers 500 internal_server_error and logs the cause with the request id. */
void wxs_answer_internal(wxs_response *response, const wxs_request *request,
                         const wxs_error *error);

#endif
