#include "curl_guard.h"

#include <sys/socket.h>

#include "dns_address.h"

static curl_socket_t
open_socket(void *data, curlsocktype purpose, struct curl_sockaddr *address)
{
    wxs_curl_guard *guard = data;
    bool allowed = guard->only_listed
                       ? wxs_address_listed(&address->addr, guard->allow)
                       : wxs_address_allowed(&address->addr, guard->allow);

    if (purpose != CURLSOCKTYPE_IPCXN || !allowed) {
        guard->refused = true;
        return CURL_SOCKET_BAD;
    }
    return socket(address->family, address->socktype | SOCK_CLOEXEC,
                  address->protocol);
}

bool
wxs_curl_guard_set(CURL *easy, wxs_curl_guard *guard)
{
    return curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https") ==
               CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_PROXY, "") == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket) ==
               CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, guard) == CURLE_OK;
}
