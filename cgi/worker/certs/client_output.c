#include "client_output.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "event_store.h"

#define URN "urn:ietf:params:acme:error:"

static wxs_acme_end
end_of(const char *code)
{
    static const struct {
        const char *code;
        wxs_acme_end end;
    } known[] = {
        {"accountDoesNotExist", WXS_ACME_NO_ACCOUNT},
        {"badNonce", WXS_ACME_UNREACHABLE},
        {"caa", WXS_ACME_INVALID},
        {"compound", WXS_ACME_INVALID},
        {"connection", WXS_ACME_INVALID},
        {"dns", WXS_ACME_INVALID},
        {"incorrectResponse", WXS_ACME_INVALID},
        {"rateLimited", WXS_ACME_LIMITED},
        {"serverInternal", WXS_ACME_UNREACHABLE},
        {"tls", WXS_ACME_INVALID},
        {"unauthorized", WXS_ACME_INVALID},
    };

    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (strcmp(code, known[i].code) == 0)
            return known[i].end;
    return WXS_ACME_FAILED;
}

/* Text of anybody's as one line of UTF-8. */
static void
take_message(const char *text, size_t len, char message[WXS_ACME_MESSAGE_TEXT])
{
    const size_t max = (WXS_ACME_MESSAGE_TEXT - 1) / 3;
    size_t used = wxs_event_text(text, len > max ? max : len, message);

    message[used] = '\0';
    for (char *at = message; *at != '\0'; at++)
        if (*at == '\n' || *at == '\r' || *at == '\t')
            *at = ' ';
}

/* A problem document (RFC 7807) that the authority sent. */
static bool
read_problem(const char *text, size_t len, wxs_acme_outcome *outcome)
{
    const char *brace = memchr(text, '{', len);
    json_t *problem =
        brace == NULL
            ? NULL
            : json_loadb(brace, len - (size_t)(brace - text),
                         JSON_DISABLE_EOF_CHECK | JSON_ALLOW_NUL, NULL);
    const json_t *detail = json_object_get(problem, "detail");
    const char *type = json_string_value(json_object_get(problem, "type"));
    bool known = type != NULL && strncmp(type, URN, sizeof URN - 1) == 0;

    if (known) {
        (void)snprintf(outcome->code, sizeof outcome->code, "%s",
                       type + sizeof URN - 1);
        outcome->end = end_of(type + sizeof URN - 1);
        take_message(json_is_string(detail) ? json_string_value(detail) : type,
                     json_is_string(detail) ? json_string_length(detail)
                                            : strlen(type),
                     outcome->message);
    }
    json_decref(problem);
    return known;
}

/* The last line that is not empty, without the name of the program. */
static void
read_last_line(const char *text, size_t len, wxs_acme_outcome *outcome)
{
    static const char prefix[] = "uacme: ";
    size_t start;

    while (len > 0 && (text[len - 1] == '\n' || text[len - 1] == '\r'))
        len--;
    for (start = len; start > 0 && text[start - 1] != '\n';)
        start--;
    if (len - start > sizeof prefix - 1 &&
        memcmp(text + start, prefix, sizeof prefix - 1) == 0)
        start += sizeof prefix - 1;
    take_message(text + start, len - start, outcome->message);
}

static bool
holds(const char *text, size_t len, const char *word)
{
    return memmem(text, len, word, strlen(word)) != NULL;
}

void
wxs_acme_read_output(const char *text, size_t len, wxs_acme_outcome *outcome)
{
    *outcome = (wxs_acme_outcome){.end = WXS_ACME_FAILED, .code = "failed"};
    if (read_problem(text, len, outcome))
        return;
    read_last_line(text, len, outcome);
    if (holds(text, len, "no account associated")) {
        outcome->end = WXS_ACME_NO_ACCOUNT;
    } else if (holds(text, len, "curl_get: ") ||
               holds(text, len, "curl_get failed") ||
               holds(text, len, "curl_post failed") ||
               holds(text, len, "failed to fetch directory")) {
        outcome->end = WXS_ACME_UNREACHABLE;
        (void)snprintf(outcome->code, sizeof outcome->code, "unreachable");
    }
}
