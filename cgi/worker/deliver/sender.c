#include "sender.h"

#include <curl/curl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "clock.h"
#include "curl_guard.h"
#include "event_store.h"
#include "sign.h"

#define KEPT_CONNECTIONS 256
#define ENDED_MS         10
#define RESPONSE_KEPT    1024  /* bytes, for the log of attempts */
#define RESPONSE_MAX     65536 /* bytes of body, or of headers, that are read */
#define HEADER_MAX                                                             \
    (sizeof("svix-signature: ") + WXS_TARGET_SECRETS_MAX * WXS_SIGNATURE_TEXT)
#define NOT_PUBLIC "The endpoint's address is not public."

typedef struct request {
    const wxs_config *config;
    CURL *easy;
    struct curl_slist *headers;
    wxs_outcome outcome;
    char *payload;
    wxs_curl_guard guard; /* http only to networks that are listed */
    size_t header_bytes;
    size_t body_bytes;
    size_t kept;
    char body[RESPONSE_KEPT];
    char text[3 * RESPONSE_KEPT + 1]; /* of the outcome */
    char reason[CURL_ERROR_SIZE];
    struct request *next;
} request;

struct wxs_sender {
    const wxs_config *config;
    CURLM *multi;
    size_t flight;    /* started, and not told of as ended */
    int active;       /* of these, not ended */
    request *running; /* list of all */
    request *last;    /* whose outcome was given out */
};

/* ---- what curl calls ---- */

/* An answer's end may be missing, its status not. */
static size_t
take_body(char *bytes, size_t size, size_t count, void *data)
{
    request *r = data;
    size_t len = size * count;
    size_t room = RESPONSE_KEPT - r->kept;

    if (room > len)
        room = len;
    memcpy(r->body + r->kept, bytes, room);
    r->kept += room;
    r->body_bytes += len;
    return r->body_bytes > RESPONSE_MAX ? 0 : len;
}

static size_t
take_header(char *bytes, size_t size, size_t count, void *data)
{
    request *r = data;

    (void)bytes;
    r->header_bytes += size * count;
    return r->header_bytes > RESPONSE_MAX ? 0 : size * count;
}

/* ---- a request ---- */

static void
request_free(request *r)
{
    if (r == NULL)
        return;
    curl_easy_cleanup(r->easy);
    curl_slist_free_all(r->headers);
    free(r->payload);
    free(r);
}

static bool
add_header(request *r, const char *text)
{
    struct curl_slist *longer = curl_slist_append(r->headers, text);

    if (longer != NULL)
        r->headers = longer;
    return longer != NULL;
}

static bool
add_signature(request *r, const wxs_target *target,
              const wxs_delivery *delivery, int64_t timestamp)
{
    char header[HEADER_MAX] = "svix-signature:";
    char signature[WXS_SIGNATURE_TEXT];
    size_t used = strlen(header);

    for (size_t i = 0; i < target->secrets; i++) {
        if (!wxs_sign(target->secret[i], delivery->id, timestamp,
                      delivery->payload, delivery->payload_len, signature))
            return false;
        used += (size_t)snprintf(header + used, sizeof(header) - used, " %s",
                                 signature);
    }
    return add_header(r, header);
}

static bool
add_headers(request *r, const wxs_target *target, const wxs_delivery *delivery)
{
    int64_t timestamp = r->outcome.sent_at / 1000000;
    char id[WXS_MESSAGE_ID_TEXT + 16];
    char time[48];

    (void)snprintf(id, sizeof(id), "svix-id: %s", delivery->id);
    (void)snprintf(time, sizeof(time), "svix-timestamp: %" PRId64, timestamp);
    return add_header(r, "Content-Type: application/json") &&
           add_header(r, "Accept: */*") && add_header(r, "Expect:") &&
           add_header(r, id) && add_header(r, time) &&
           add_signature(r, target, delivery, timestamp);
}

/* Every option counts: one that curl refuses fails the delivery. */
static bool
set_options(request *r, const wxs_target *target, size_t payload_len)
{
    const wxs_config *config = r->config;
    const char *ca = config->webhook.ca_file;
    long timeout = (long)config->webhook.timeout_ms;
    bool ok = true;

#define SET(option, value)                                                     \
    ok = ok && curl_easy_setopt(r->easy, option, value) == CURLE_OK
    SET(CURLOPT_URL, target->endpoint);
    ok = ok && wxs_curl_guard_set(r->easy, &r->guard);
    /* a name server that is slow must not hold up the others' deliveries */
    SET(CURLOPT_QUICK_EXIT, 1L);
    SET(CURLOPT_TIMEOUT_MS, timeout);
    SET(CURLOPT_CONNECTTIMEOUT_MS, timeout);
    SET(CURLOPT_WRITEFUNCTION, take_body);
    SET(CURLOPT_WRITEDATA, r);
    SET(CURLOPT_HEADERFUNCTION, take_header);
    SET(CURLOPT_HEADERDATA, r);
    SET(CURLOPT_ERRORBUFFER, r->reason);
    SET(CURLOPT_USERAGENT, "Waxseal-Webhooks/1");
    SET(CURLOPT_HTTPHEADER, r->headers);
    SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)payload_len);
    SET(CURLOPT_POSTFIELDS, r->payload);
    SET(CURLOPT_PRIVATE, r);
    if (*ca != '\0')
        SET(CURLOPT_CAINFO, ca);
#undef SET
    return ok;
}

static request *
request_new(const wxs_config *config, const wxs_target *target,
            wxs_delivery *delivery, int64_t now)
{
    request *r = calloc(1, sizeof(*r));

    if (r == NULL)
        return NULL;
    r->config = config;
    r->guard = (wxs_curl_guard){
        .allow = &config->webhook.allow_networks,
        .only_listed = strncasecmp(target->endpoint, "http:", 5) == 0};
    r->outcome = (wxs_outcome){.webhook = delivery->webhook,
                               .message = delivery->message,
                               .sent_at = now,
                               .enabled_at = target->enabled_at};
    r->easy = curl_easy_init();
    if (r->easy != NULL && add_headers(r, target, delivery)) {
        r->payload = delivery->payload;
        if (set_options(r, target, delivery->payload_len)) {
            delivery->payload = NULL;
            return r;
        }
        r->payload = NULL;
    }
    request_free(r);
    return NULL;
}

/* ---- the sender ---- */

wxs_sender *
wxs_sender_new(const wxs_config *config, wxs_error *error)
{
    wxs_sender *sender;

    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        wxs_fail(error, "libcurl cannot be set up");
        return NULL;
    }
    sender = calloc(1, sizeof(*sender));
    if (sender != NULL) {
        sender->config = config;
        sender->multi = curl_multi_init();
    }
    if (sender == NULL || sender->multi == NULL ||
        curl_multi_setopt(sender->multi, CURLMOPT_MAXCONNECTS,
                          (long)KEPT_CONNECTIONS) != CURLM_OK) {
        wxs_fail(error, "out of memory");
        wxs_sender_free(sender);
        return NULL;
    }
    return sender;
}

void
wxs_sender_free(wxs_sender *sender)
{
    if (sender == NULL)
        return;
    while (sender->running != NULL) {
        request *r = sender->running;

        sender->running = r->next;
        (void)curl_multi_remove_handle(sender->multi, r->easy);
        request_free(r);
    }
    request_free(sender->last);
    if (sender->multi != NULL)
        (void)curl_multi_cleanup(sender->multi);
    free(sender);
    curl_global_cleanup();
}

size_t
wxs_sender_room(const wxs_sender *sender)
{
    return WXS_SENDER_FLIGHT - sender->flight;
}

bool
wxs_sender_start(wxs_sender *sender, const wxs_target *target,
                 wxs_delivery *delivery, int64_t now, wxs_error *error)
{
    request *r = request_new(sender->config, target, delivery, now);

    if (r == NULL)
        return wxs_fail(error, "a webhook request could not be made: out of "
                               "memory?");
    if (curl_multi_add_handle(sender->multi, r->easy) != CURLM_OK) {
        request_free(r);
        return wxs_fail(error, "libcurl did not take a request");
    }
    r->next = sender->running;
    sender->running = r;
    sender->flight++;
    sender->active++;
    return true;
}

bool
wxs_sender_waiting(const wxs_sender *sender)
{
    return (size_t)sender->active < sender->flight;
}

bool
wxs_sender_run(wxs_sender *sender, int fd, int ms, wxs_error *error)
{
    struct curl_waitfd other = {.fd = fd, .events = CURL_WAIT_POLLIN};
    CURLMcode code;

    code = curl_multi_perform(sender->multi, &sender->active);
    if (wxs_sender_waiting(sender) && ms > ENDED_MS)
        ms = ENDED_MS;
    if (code == CURLM_OK)
        code = curl_multi_poll(sender->multi, &other, 1, ms, NULL);
    return code == CURLM_OK ||
           wxs_fail(error, "libcurl: %s", curl_multi_strerror(code));
}

static void
unlink_request(wxs_sender *sender, const request *r)
{
    request **place = &sender->running;

    while (*place != r)
        place = &(*place)->next;
    *place = r->next;
    sender->flight--;
}

/* Fills what became of it: any answer with 2xx is a success, even if more of
 * its body was to come than anybody reads. */
static void
judge(request *r, CURLcode code)
{
    long status = 0;
    bool cut = code == CURLE_WRITE_ERROR && r->body_bytes > RESPONSE_MAX;
    size_t len;

    (void)curl_easy_getinfo(r->easy, CURLINFO_RESPONSE_CODE, &status);
    if (code == CURLE_OK || cut) {
        r->outcome.http = (int)status;
        r->outcome.success = status >= 200 && status < 300;
        len = wxs_event_text(r->body, r->kept, r->text);
        r->text[len] = '\0';
    } else {
        const char *reason =
            r->reason[0] != '\0' ? r->reason : curl_easy_strerror(code);

        if (r->guard.refused && code == CURLE_COULDNT_CONNECT)
            reason = NOT_PUBLIC;
        len = wxs_event_text(reason, strlen(reason), r->text);
        r->text[len] = '\0';
    }
    r->outcome.response = r->text;
    r->outcome.ended_at = wxs_now_us();
}

bool
wxs_sender_ended(wxs_sender *sender, wxs_outcome *outcome)
{
    CURLMsg *message;
    int left;

    request_free(sender->last);
    sender->last = NULL;
    while ((message = curl_multi_info_read(sender->multi, &left)) != NULL) {
        CURLcode code = message->data.result;
        request *r = NULL;

        if (message->msg != CURLMSG_DONE ||
            curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE,
                              (char **)&r) != CURLE_OK ||
            r == NULL)
            continue;
        judge(r, code);
        (void)curl_multi_remove_handle(sender->multi, r->easy);
        unlink_request(sender, r);
        sender->last = r;
        *outcome = r->outcome;
        return true;
    }
    return false;
}
