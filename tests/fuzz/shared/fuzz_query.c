/* Request targets: path, route parameters and query parameters. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "path.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static wxs_request request;
    char *target = malloc(size + 1);
    char value[16];

    if (target == NULL)
        abort();
    memcpy(target, data, size);
    target[size] = '\0';
    if (wxs_path_from_target(target, request.path, sizeof(request.path))) {
        if (request.path[0] != '/' || strstr(request.path, "//") != NULL)
            abort();
        wxs_path_match("/domains/{id}", request.path, request.param);
        wxs_path_match("/{a}/{b}/{c}", request.path, request.param);
    }
    request.query =
        strchr(target, '?') == NULL ? target : strchr(target, '?') + 1;
    if (wxs_query_get(&request, "limit", value, sizeof(value)) &&
        (!wxs_query_has(&request, "limit") || strlen(value) > 15))
        abort();
    free(target);
    return 0;
}
