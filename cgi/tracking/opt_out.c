#include "opt_out.h"

#include <string.h>
#include <strings.h>

/* Attributes that switch tracking off by being there. */
static const char *const markers[] = {
    "ses:no-track",          /* Amazon SES */
    "data-pm-no-track",      /* Postmark */
    "data-no-link-tracking", /* Resend */
    "disable-tracking",      /* Mailgun */
    "data-disable-tracking",
    "mc:disable-tracking",     /* Mandrill */
    "mautic:disable-tracking", /* Mautic */
    "dub-no-track",            /* Dub */
    "data-ct-no-track",
    "data-no-track",
    "data-notrack",
    "no-track",
    "notrack",
};

/* Attributes that switch tracking on or off by their value. */
static const char *const switches[] = {
    "data-waxseal",
    "clicktracking", /* SendGrid */
    "data-clicktracking",
    "data-click-tracking",
    "data-msys-clicktrack", /* SparkPost */
    "autotrack",            /* MessageGears */
};

static const char *const off_values[] = {"off", "no", "false", "0"};

static const char *const classes[] = {
    "untracked",  /* Customer.io */
    "mktnotrack", /* Marketo */
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static bool
is_one_of(const char *text, size_t len, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strlen(list[i]) == len && strncasecmp(text, list[i], len) == 0)
            return true;
    return false;
}

static bool
is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\f' || c == '\r';
}

static bool
is_off(const char *value, size_t len)
{
    while (len > 0 && is_space(value[0])) {
        value++;
        len--;
    }
    while (len > 0 && is_space(value[len - 1]))
        len--;
    return is_one_of(value, len, off_values, COUNT(off_values));
}

static bool
has_class(const char *value, size_t len)
{
    for (size_t start = 0, end; start < len; start = end + 1) {
        for (end = start; end < len && !is_space(value[end]); end++)
            ;
        if (is_one_of(value + start, end - start, classes, COUNT(classes)))
            return true;
    }
    return false;
}

bool
wxs_opt_out(const char *name, size_t name_len, const char *value,
            size_t value_len)
{
    if (is_one_of(name, name_len, markers, COUNT(markers)))
        return !is_off(value, value_len);
    if (is_one_of(name, name_len, switches, COUNT(switches)))
        return is_off(value, value_len);
    if (name_len == 5 && strncasecmp(name, "class", 5) == 0)
        return has_class(value, value_len);
    return false;
}
