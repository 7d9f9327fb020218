/* Long strings of JSON: what the reader takes, the JSON library takes too, and
 * reads the same; what it refuses the library refuses. */
#include <jansson.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "json_string.h"
#include "json_writer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require(int condition)
{
    if (!condition)
        abort();
}

/* Written again it is the same to the library. */
static void
check_written(const char *text, size_t len)
{
    wxs_json_writer writer = {0};
    json_t *array;

    wxs_json_open(&writer, NULL, '[');
    wxs_json_stringn(&writer, NULL, text, len);
    wxs_json_close(&writer, ']');
    require(wxs_json_done(&writer));
    array = json_loadb(writer.out.data, writer.out.len, 0, NULL);
    require(json_string_length(json_array_get(array, 0)) == len);
    require(memcmp(json_string_value(json_array_get(array, 0)), text, len) ==
            0);
    json_decref(array);
    wxs_json_free(&writer);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 2);
    char *out = malloc(size + 1);
    json_t *string;
    size_t taken, len;

    require(text != NULL && out != NULL);
    text[0] = '"';
    memcpy(text + 1, data, size);
    text[size + 1] = '"';
    taken = wxs_json_string_decode(text + 1, size + 1, out, &len);
    string = json_loadb(text, taken == 0 ? size + 2 : taken + 1,
                        JSON_DECODE_ANY, NULL);
    require((taken != 0) == (string != NULL));
    if (string != NULL) {
        require(json_string_length(string) == len);
        require(memcmp(json_string_value(string), out, len) == 0);
        check_written(out, len);
    }
    json_decref(string);
    free(text);
    free(out);
    return 0;
}
