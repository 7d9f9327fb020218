/* A certificate file of arbitrary content, its checksum made right; what is
 * accepted must come out the same again. */
#include <stdlib.h>
#include <string.h>

#include "certificate_file.h"
#include "crc32c.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t again[WXS_CERTIFICATE_FILE_MAX];
    wxs_certificate_bundle bundle;
    size_t len;

    if (size < 4 || size > WXS_CERTIFICATE_FILE_MAX)
        return 0;
    uint8_t *file = malloc(size);

    if (file == NULL)
        return 0;
    memcpy(file, data, size);
    if (data[size - 1] % 4 != 0) {
        uint32_t crc = wxs_crc32c(0, file, size - 4);

        memcpy(file + size - 4, &crc, 4);
    }
    if (wxs_certificate_parse(file, size, &bundle) == WXS_OK &&
        (wxs_certificate_format(&bundle, again, sizeof again, &len) != WXS_OK ||
         len != size || memcmp(again, file, size) != 0))
        abort();
    free(file);
    return 0;
}
