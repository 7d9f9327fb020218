#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "message_request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require(int condition)
{
    if (!condition)
        abort();
}

/* What is taken is within its bounds; what is refused has an answer. */
static void
check(const wxs_request *request, wxs_response *response)
{
    wxs_message_request message;

    if (!wxs_message_request_read(request, &message, response)) {
        wxs_message_request_free(&message);
        require(response->status == 400 || response->status == 422 ||
                response->status == 413);
        require(json_object_size(response->json) == 3);
        return;
    }
    require(response->status == 0 && message.domain != NULL);
    require(message.html != NULL || message.text != NULL ||
            message.mime != NULL);
    require(message.mime == NULL || message.mime_len <= WXS_MIME_MAX);
    require(message.html == NULL || message.html[message.html_len] == '\0');
    require(message.text == NULL || message.text[message.text_len] == '\0');
    require(message.to == NULL || json_array_size(message.to) <= 1000);
    require(message.tags == NULL || json_object_size(message.tags) <= 75);
    require(message.tracking == NULL || json_is_object(message.tracking));
    require(message.unsubscribe_url == NULL ||
            strpbrk(message.unsubscribe_url, "\r\n<>") == NULL);
    require(message.unsubscribe_address == NULL ||
            strpbrk(message.unsubscribe_address, "\r\n<>") == NULL);
    wxs_message_request_free(&message);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    wxs_response response = {0};
    wxs_request request = {.method = "POST", .body_len = size};
    char *copy = malloc(size + 1);

    require(copy != NULL);
    memcpy(copy, data, size);
    copy[size] = '\0';
    request.body = copy;
    check(&request, &response);
    wxs_response_clear(&response);
    free(copy);
    return 0;
}
