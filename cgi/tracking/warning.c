#include "warning.h"

#include <stdarg.h>
#include <stdio.h>

void
wxs_warn(json_t *warnings, const char *format, ...)
{
    char text[512];
    va_list args;

    va_start(args, format);
    if (vsnprintf(text, sizeof(text), format, args) > 0)
        (void)json_array_append_new(warnings, json_string(text));
    va_end(args);
}
