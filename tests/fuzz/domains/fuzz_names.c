#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "names.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A cleaned name is well formed, and cleaning it again changes nothing. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char name[WXS_NAME_TEXT];
    char again[WXS_NAME_TEXT];
    wxs_error error = {""};

    if (!wxs_name_clean((const char *)data, size, name, &error)) {
        for (const char *c = error.text; *c != '\0'; c++) {
            if ((unsigned char)*c >= 0x80)
                abort();
        }
        if (error.text[0] == '\0')
            abort();
        return 0;
    }
    if (strlen(name) > WXS_SENDING_NAME_MAX ||
        !wxs_labels_valid(name, strlen(name)) || strchr(name, '.') == NULL)
        abort();
    if (!wxs_name_clean(name, strlen(name), again, &error) ||
        strcmp(name, again) != 0)
        abort();
    return 0;
}
