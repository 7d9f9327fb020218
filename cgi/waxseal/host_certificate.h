#ifndef WXS_WAXSEAL_HOST_CERTIFICATE_H
#define WXS_WAXSEAL_HOST_CERTIFICATE_H

#include <jansson.h>

/* Certificates of tracking hosts. */

/* Prints the API's object about a host's certificate, null or absent if there
 * is no host. */
void wxs_host_certificate_print(const json_t *certificate);

int wxs_certificate_list_main(int argc, char **argv);
int wxs_certificate_renew_main(int argc, char **argv);

#endif
