/* Times in queries. What was read is written and read again: it must stay. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "time_read.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1), again[WXS_TIME_TEXT];
    int64_t us, same;
    bool is_date;

    if (text == NULL)
        abort();
    memcpy(text, data, size);
    text[size] = '\0';
    /* a zone may bring it before 1970, which is not read again */
    if (wxs_time_read(text, &us, &is_date) && us >= 0) {
        wxs_time_text(us, again);
        if (again[4] == '-' &&
            (!wxs_time_read(again, &same, &is_date) || same != us))
            abort();
    }
    free(text);
    return 0;
}
