/* plain text, rewritten */
#include "rewriting.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    wxs_body body = {.is_html = false, .text = (const char *)data, .len = size};
    wxs_rewritten result;
    wxs_error error;

    check_result(wxs_rewrite(rewriting(), &body, 1, &result, &error), &body, 1,
                 &result);
    wxs_rewritten_free(&result);
    wxs_body_free(&body);
    return 0;
}
