#include "fcgi.h"

#include <errno.h>
#include <fcgiapp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "log.h"
#include "path.h"
#include "uuid.h"

#define BODY_STEP      16384
#define RETRY_DELAY_US 20000

static const char type_json[] = "application/json; charset=utf-8";
static const char out_of_memory[] =
    "{\"statusCode\":500,\"message\":\"The server ran out of memory. Please "
    "try again.\",\"name\":\"internal_server_error\"}";

static const char *
reason_phrase(int status)
{
    static const struct {
        int status;
        const char *phrase;
    } known[] = {
        {200, "OK"},
        {201, "Created"},
        {202, "Accepted"},
        {400, "Bad Request"},
        {401, "Unauthorized"},
        {403, "Forbidden"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {408, "Request Timeout"},
        {409, "Conflict"},
        {410, "Gone"},
        {413, "Content Too Large"},
        {422, "Unprocessable Content"},
        {429, "Too Many Requests"},
        {500, "Internal Server Error"},
        {503, "Service Unavailable"},
    };

    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (known[i].status == status)
            return known[i].phrase;
    }
    return "Other";
}

static const char *
param(const FCGX_Request *fcgi, const char *name, const char *absent)
{
    const char *value = FCGX_GetParam(name, fcgi->envp);

    return value == NULL ? absent : value;
}

/* Doubles the buffer, which keeps room for a NUL behind size bytes. */
static bool
grow(char **body, size_t *size)
{
    size_t wanted = *size == 0 ? BODY_STEP : *size * 2;
    char *grown = realloc(*body, wanted + 1);

    if (grown == NULL)
        return false;
    *body = grown;
    *size = wanted;
    return true;
}

/* Reads the body to its end, whatever the method; what is over max bytes is
 * counted and dropped. The caller frees *body. False without memory. */
static bool
read_body(FCGX_Stream *in, size_t max, char **body, size_t *len)
{
    char dropped[BODY_STEP];
    size_t size = 0;
    size_t used = 0;
    int got;

    *len = 0;
    do {
        if (used == size && used <= max && !grow(body, &size))
            return false;
        if (used <= max) {
            size_t room = size - used < BODY_STEP ? size - used : BODY_STEP;
            got = FCGX_GetStr(*body + used, (int)room, in);
            used += got > 0 ? (size_t)got : 0;
        } else {
            got = FCGX_GetStr(dropped, sizeof(dropped), in);
        }
        *len += got > 0 ? (size_t)got : 0;
    } while (got > 0);
    (*body)[used] = '\0';
    return true;
}

/* A client or web server that breaks off must not have half a body obeyed. */
static bool
body_is_whole(const char *content_length, size_t len)
{
    char *end;
    unsigned long long wanted;

    if (*content_length == '\0')
        return true;
    errno = 0;
    wanted = strtoull(content_length, &end, 10);
    return errno == 0 && *end == '\0' && wanted == len;
}

/* What is left of the caller's limit, in the words of the IETF's draft
 * "RateLimit header fields for HTTP". */
static void
write_rate(FCGX_Stream *out, const wxs_rate *rate)
{
    char text[160];
    int size;

    if (rate->limit == 0)
        return;
    size = snprintf(text, sizeof(text),
                    "ratelimit-limit: %d\r\nratelimit-policy: %d;w=1\r\n"
                    "ratelimit-remaining: %d\r\nratelimit-reset: %d\r\n",
                    rate->limit, rate->limit, rate->remaining, rate->reset);
    FCGX_PutStr(text, size, out);
}

/* Without len the body's length is not known yet. */
static void
write_headers(FCGX_Stream *out, const wxs_request *request,
              const wxs_response *response, const char *type, const size_t *len)
{
    char length[48] = "";
    char text[512];
    int size;

    if (len != NULL)
        snprintf(length, sizeof(length), "Content-Length: %zu\r\n", *len);
    size = snprintf(text, sizeof(text),
                    "Status: %d %s\r\nContent-Type: %s\r\n%s"
                    "Cache-Control: no-store\r\nX-Request-Id: %s\r\n",
                    response->status, reason_phrase(response->status), type,
                    length, request->id);
    FCGX_PutStr(text, size < (int)sizeof(text) ? size : 0, out);
    write_rate(out, &response->rate);
    if (response->replayed)
        FCGX_PutS("Idempotent-Replayed: true\r\n", out);
    if (response->retry_after > 0) {
        size = snprintf(text, sizeof(text), "Retry-After: %d\r\n",
                        response->retry_after);
        FCGX_PutStr(text, size, out);
    }
    if (response->allow[0] != '\0') {
        size = snprintf(text, sizeof(text), "Allow: %s\r\n", response->allow);
        FCGX_PutStr(text, size, out);
    }
    FCGX_PutS("\r\n", out);
}

/* FCGX_PutStr takes an int. */
static void
write_text(FCGX_Stream *out, const char *text, size_t len)
{
    while (len > 0) {
        int step = len > BODY_STEP ? BODY_STEP : (int)len;
        if (FCGX_PutStr(text, step, out) != step)
            return;
        text += step;
        len -= (size_t)step;
    }
}

static bool
sink_write(void *user, const char *text, size_t len)
{
    FCGX_Stream *out = user;

    write_text(out, text, len);
    return FCGX_GetError(out) == 0;
}

/* False if the body broke off: the client must not take it for whole. */
static bool
write_stream(FCGX_Stream *out, const wxs_request *request,
             const wxs_response *response)
{
    const wxs_sink sink = {sink_write, out};

    write_headers(out, request, response,
                  response->content_type != NULL ? response->content_type
                                                 : type_json,
                  NULL);
    if (response->stream(response->stream_state, &sink))
        return true;
    wxs_log(WXS_LOG_WARN, "an answer broke off", "request_id", request->id,
            NULL);
    return false;
}

static void
write_response(FCGX_Stream *out, const wxs_request *request,
               wxs_response *response)
{
    const char *type = type_json;
    const char *text = response->text;
    size_t len = response->text_len;
    char *json = NULL;

    if (response->json != NULL) {
        json = json_dumps(response->json, JSON_COMPACT);
        text = json;
        len = json == NULL ? 0 : strlen(json);
    } else if (response->content_type != NULL) {
        type = response->content_type;
    }
    if (text == NULL) {
        response->status = 500;
        type = type_json;
        text = out_of_memory;
        len = sizeof(out_of_memory) - 1;
    }
    write_headers(out, request, response, type, &len);
    write_text(out, text, len);
    free(json);
}

static bool
make_id(char text[WXS_UUID_TEXT])
{
    uint8_t id[WXS_UUID_SIZE];

    if (!wxs_uuid_new(id))
        return false;
    wxs_uuid_format(id, text);
    return true;
}

/* The web server's id of the request, 32 hexadecimal digits, as a UUID. */
static bool
read_id(const char *digits, char text[WXS_UUID_TEXT])
{
    if (strlen(digits) != 32 || strspn(digits, "0123456789abcdef") != 32)
        return false;
    snprintf(text, WXS_UUID_TEXT, "%.8s-%.4s-%.4s-%.4s-%.12s", digits,
             digits + 8, digits + 12, digits + 16, digits + 20);
    return true;
}

/* Fills the request from the FastCGI parameters; they live as long as fcgi. */
static bool
read_request(const FCGX_Request *fcgi, wxs_request *request)
{
    memset(request, 0, sizeof(*request));
    request->method = param(fcgi, "REQUEST_METHOD", "");
    request->query = param(fcgi, "QUERY_STRING", "");
    request->authorization = FCGX_GetParam("HTTP_AUTHORIZATION", fcgi->envp);
    request->user_agent = param(fcgi, "HTTP_USER_AGENT", "");
    request->body = "";
    request->account = FCGX_GetParam("HTTP_WAXSEAL_ACCOUNT", fcgi->envp);
    request->idempotency_key =
        FCGX_GetParam("HTTP_IDEMPOTENCY_KEY", fcgi->envp);
    request->remote = param(fcgi, "REMOTE_ADDR", "");
    request->refused = atoi(param(fcgi, "WAXSEAL_REFUSED", "0"));
    if (!read_id(param(fcgi, "REQUEST_ID", ""), request->id) &&
        !make_id(request->id))
        return false;
    /* a path that is too long is left empty, which no route has */
    if (!wxs_path_from_target(param(fcgi, "REQUEST_URI", ""), request->path,
                              sizeof(request->path)))
        request->path[0] = '\0';
    return true;
}

/* False if the answer could not be finished. */
static bool
handle(const wxs_service *service, wxs_context *context, FCGX_Request *fcgi)
{
    wxs_request request;
    wxs_response response = {0};
    char *body = NULL;
    bool ok = true;

    if (!read_request(fcgi, &request) ||
        !read_body(fcgi->in, wxs_service_body_max(service, &request), &body,
                   &request.body_len)) {
        response.status = 500;
    } else if (request.refused == 0 &&
               !body_is_whole(param(fcgi, "CONTENT_LENGTH", ""),
                              request.body_len)) {
        wxs_answer_error(&response, 400, "validation_error",
                         "The request body is not complete.");
    } else {
        request.body = body;
        wxs_service_handle(service, context, &request, &response);
    }
    if (response.stream != NULL)
        ok = write_stream(fcgi->out, &request, &response);
    else
        write_response(fcgi->out, &request, &response);
    wxs_response_clear(&response);
    free(body);
    return ok;
}

/* What a thread waits for. Of all threads that wait for the socket one wakes
 * for a connection, not every one. -1 if it cannot be made. */
static int
make_waiter(int listen_fd, int stop_fd)
{
    struct epoll_event connection = {.events = EPOLLIN | EPOLLEXCLUSIVE,
                                     .data.fd = listen_fd};
    struct epoll_event stop = {.events = EPOLLIN, .data.fd = stop_fd};
    int fd = epoll_create1(EPOLL_CLOEXEC);

    if (fd >= 0 && (epoll_ctl(fd, EPOLL_CTL_ADD, listen_fd, &connection) != 0 ||
                    epoll_ctl(fd, EPOLL_CTL_ADD, stop_fd, &stop) != 0)) {
        (void)close(fd);
        return -1;
    }
    return fd;
}

/* Waits for a connection; false when it is time to stop. */
static bool
wait_for_connection(int waiter, int stop_fd)
{
    struct epoll_event events[2];
    int count;

    while ((count = epoll_wait(waiter, events, 2, -1)) < 0) {
        if (errno != EINTR)
            return false;
    }
    for (int i = 0; i < count; i++) {
        if (events[i].data.fd == stop_fd)
            return false;
    }
    return true;
}

void
wxs_fcgi_serve(const wxs_service *service, wxs_context *context, int listen_fd,
               int stop_fd)
{
    FCGX_Request fcgi;
    char text[16];
    int waiter = make_waiter(listen_fd, stop_fd);
    int rc;

    if (waiter < 0) {
        wxs_log(WXS_LOG_ERROR, "a thread cannot wait for connections", "error",
                strerror(errno), NULL);
        return;
    }
    FCGX_InitRequest(&fcgi, listen_fd, 0);
    /* The library's accept cannot be woken but by shutting the socket down,
     * and the supervisor keeps that for the next program. So the wait is here,
     * and the accept does not block when another thread was faster. */
    while (wait_for_connection(waiter, stop_fd)) {
        rc = FCGX_Accept_r(&fcgi);
        if (rc == 0) {
            /* a connection that just ends tells the web server */
            if (handle(service, context, &fcgi))
                FCGX_Finish_r(&fcgi);
            else
                FCGX_Free(&fcgi, 1);
        } else if (rc != -EAGAIN) {
            snprintf(text, sizeof(text), "%d", rc);
            wxs_log(WXS_LOG_WARN, "a connection could not be accepted", "code",
                    text, NULL);
            usleep(RETRY_DELAY_US);
        }
    }
    FCGX_Free(&fcgi, 1);
    (void)close(waiter);
}
