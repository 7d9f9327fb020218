/* Bodies of POST and PATCH /webhooks: a webhook that fits its columns, or an
 * answer that says what is wrong. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "webhooks/webhook_fields.h"

static void
check(const wxs_webhook *webhook)
{
    json_t *events = json_loads(webhook->events, 0, NULL);

    if (webhook->endpoint[0] != '\0' &&
        strncasecmp(webhook->endpoint, "https:", 6) != 0)
        abort();
    if (webhook->events[0] != '\0' && json_array_size(events) == 0)
        abort();
    if (strcmp(webhook->status, "enabled") != 0 &&
        strcmp(webhook->status, "disabled") != 0)
        abort();
    json_decref(events);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const wxs_networks nobody;
    char *copy = malloc(size + 1);
    wxs_request request = {.body = copy, .body_len = size};
    wxs_response response = {0};
    wxs_webhook webhook = {.status = "enabled"};
    json_t *body;

    if (copy == NULL)
        abort();
    memcpy(copy, data, size);
    copy[size] = '\0';
    body = wxs_body_object(&request, &response);
    if (body != NULL) {
        if (wxs_webhook_parse(body, size % 2 == 0, &nobody, &webhook,
                              &response))
            check(&webhook);
        else if (response.status != 422 || response.json == NULL)
            abort();
    }
    json_decref(body);
    wxs_response_clear(&response);
    free(copy);
    return 0;
}
