#include "name.h"

#include <ctype.h>
#include <idn2.h>
#include <stdint.h>
#include <string.h>

bool
wxs_name_ascii(const char *text, char name[WXS_NAME_SIZE])
{
    uint8_t *ascii = NULL;

    if (idn2_lookup_u8((const uint8_t *)text, &ascii,
                       IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL) != IDN2_OK)
        return false;
    size_t len = strlen((const char *)ascii);
    if (len > 0 && ascii[len - 1] == '.')
        len--;
    bool ok = len > 0 && len < WXS_NAME_SIZE;
    if (ok) {
        for (size_t i = 0; i < len; i++)
            name[i] = (char)tolower(ascii[i]);
        name[len] = '\0';
    }
    idn2_free(ascii);
    return ok;
}
