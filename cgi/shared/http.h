#ifndef WXS_SHARED_HTTP_H
#define WXS_SHARED_HTTP_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "json_writer.h"
#include "rate_limit.h"

/* Requests and answers as the handlers see them. Nothing here knows the
 * transport. */

#define WXS_PARAMS_MAX 3

typedef struct {
    const char *method;
    char path[512];    /* without query, "//" merged, no trailing slash */
    const char *query; /* as received, "" if none */
    const char *authorization;   /* header value, NULL if absent */
    const char *account;         /* header Waxseal-Account, NULL if absent */
    const char *idempotency_key; /* header value, NULL if absent */
    const char *user_agent;      /* "" if absent */
    const char *remote;          /* address of the client, may be NULL */
    const char *body;            /* body_len bytes, then a NUL */
    size_t body_len;
    int refused; /* status with which the web server has refused it already,
                    then without its body; 0 = it has not */
    char id[37];                     /* request id, a UUID */
    char param[WXS_PARAMS_MAX][256]; /* of the route's {…}, percent-decoded */
} wxs_request;

/* Where a body that is made bit by bit goes. */
typedef struct {
    bool (*write)(void *user, const char *text, size_t len);
    void *user;
} wxs_sink;

/* Makes the body; false if it cannot be whole. */
typedef bool wxs_stream(void *state, const wxs_sink *sink);

typedef struct {
    int status;
    json_t *json; /* owned; the body, or NULL */
    char *text;   /* owned (malloc); the body if json is NULL */
    size_t text_len;
    const char *content_type; /* of text; NULL: JSON */
    wxs_stream *stream;       /* makes the body if there is no other; is
                                 called while the request still lives */
    void *stream_state;       /* owned, freed by stream_free */
    void (*stream_free)(void *state);
    wxs_rate rate;   /* what is left of the caller's limit */
    bool replayed;   /* the answer of an earlier request, once more */
    bool kept;       /* is in the database, to be given again */
    bool unlogged;   /* not for the list of requests */
    int retry_after; /* seconds, 0 = no header */
    char allow[48];  /* methods that a 405 names, "" = no header */
} wxs_response;

/* 200, 201 …: takes over json, which may be NULL when memory ran out (then a
 * 500 is answered). */
void wxs_answer(wxs_response *response, int status, json_t *json);

/* The same with JSON that is written already, which is taken over. */
void wxs_answer_text(wxs_response *response, int status, wxs_json_writer *json);

/* An error of the API, exactly {"statusCode":…,"message":…,"name":…}. name is
 * one of the 21 that the clients know: missing_api_key invalid_api_key
 * restricted_api_key validation_error missing_required_field invalid_parameter
 * invalid_region not_found method_not_allowed invalid_idempotency_key
 * invalid_idempotent_request concurrent_idempotent_requests rate_limit_exceeded
 * daily_quota_exceeded monthly_quota_exceeded application_error
 * internal_server_error security_error invalid_access invalid_attachment
 * invalid_from_address. */
void wxs_answer_error(wxs_response *response, int status, const char *name,
                      const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* A body that stream makes, as content_type (NULL: JSON). Takes over state. */
void wxs_answer_stream(wxs_response *response, const char *content_type,
                       wxs_stream *stream, void *state,
                       void (*stream_free)(void *state));

/* Writes to the sink; false if that failed. */
bool wxs_sink_text(const wxs_sink *sink, const char *text);
bool wxs_sink_json(const wxs_sink *sink, const json_t *json);

/* Frees what the response owns. */
void wxs_response_clear(wxs_response *response);

/* Is the query parameter there, well-formed or not? */
bool wxs_query_has(const wxs_request *request, const char *name);

/* The query parameter, percent-decoded ("+" is a space), into value; false if
 * it is absent, malformed or longer than cap - 1. Names match exactly, the
 * first hit wins. */
bool wxs_query_get(const wxs_request *request, const char *name, char *value,
                   size_t cap);

/* The same for a parameter that may be there several times: *rest is the query
 * at first, and what follows the one found afterwards. 1 found, 0 no more, -1
 * malformed or longer than cap - 1. */
int wxs_query_next(const char **rest, const char *name, char *value,
                   size_t cap);

/* Reads the body as a JSON object. NULL after answering 400 (not JSON), 422
 * (U+0000, invalid UTF-8, not an object, nested over 32 levels). An empty body
 * counts as {}. The caller owns the result. */
json_t *wxs_body_object(const wxs_request *request, wxs_response *response);

/* The same for a body that may be an array instead. */
json_t *wxs_body_object_or_array(const wxs_request *request,
                                 wxs_response *response);

/* Fields of a body. Each returns false after answering 422 that names the
 * field: missing_required_field where it must be there, validation_error where
 * it is not of the type or longer than max bytes (max 0 = unbounded). An absent
 * optional field (or null) leaves *value as it was. */
bool wxs_field_string(const json_t *body, const char *name, bool required,
                      size_t max, const char **value, wxs_response *response);
bool wxs_field_bool(const json_t *body, const char *name, bool required,
                    bool *value, wxs_response *response);

#endif
