#ifndef WXS_WAXSEAL_NAME_H
#define WXS_WAXSEAL_NAME_H

#include <stdbool.h>

#define WXS_NAME_SIZE 256

/* A domain name as the databases have it: A-labels (RFC 5891), lower case, no
 * final dot. False if the text is none. */
bool wxs_name_ascii(const char *text, char name[WXS_NAME_SIZE]);

#endif
