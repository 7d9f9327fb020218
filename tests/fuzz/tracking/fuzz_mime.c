/* raw messages, read, rewritten and read again */
#include "mime/addresses.h"
#include "mime/mime_message.h"
#include "rewriting.h"

static bool
count_address(void *argument, const char *address)
{
    (void)address;
    return ++*(int *)argument < 100;
}

/* A message that is none to some readers may be none when it comes out. */
static void
read_again(const char *out, size_t len)
{
    wxs_error error;

    wxs_mime_free(wxs_mime_parse(out, len, &error));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *raw = malloc(size + 1);
    wxs_rewritten result;
    wxs_mime_message *message;
    wxs_error error;
    wxs_body *bodies;
    size_t count, len;
    int addresses = 0;
    char *out;

    require(raw != NULL);
    memcpy(raw, data, size);
    raw[size] = '\0';
    (void)wxs_addresses_each(raw, count_address, &addresses);
    message = wxs_mime_parse(raw, size, &error);
    if (message == NULL) {
        free(raw);
        return 0;
    }
    out = wxs_mime_write(message, "", &len, &error);
    require(out != NULL && len == size && memcmp(out, raw, size) == 0);
    free(out);
    bodies = wxs_mime_bodies(message, &count);
    if (wxs_rewrite(rewriting(), bodies, count, &result, &error) == WXS_OK) {
        check_result(WXS_OK, bodies, count, &result);
        out = wxs_mime_write(message, "List-Unsubscribe: <x:>\n", &len, &error);
        require(out != NULL);
        read_again(out, len);
        free(out);
    }
    wxs_rewritten_free(&result);
    wxs_mime_free(message);
    free(raw);
    return 0;
}
