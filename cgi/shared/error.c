#include "error.h"

#include <stdarg.h>
#include <stdio.h>

bool
wxs_fail(wxs_error *error, const char *format, ...)
{
    va_list args;

    if (error == NULL)
        return false;
    va_start(args, format);
    if (vsnprintf(error->text, sizeof(error->text), format, args) < 0)
        error->text[0] = '\0';
    va_end(args);
    return false;
}
