/* Loaded before libc: names with "slow-dns" in them take 20 s to resolve, as
 * with a name server that does not answer. */
#include <dlfcn.h>
#include <netdb.h>
#include <string.h>
#include <unistd.h>

typedef int resolver(const char *name, const char *service,
                     const struct addrinfo *hints, struct addrinfo **result);

int
getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
            struct addrinfo **result)
{
    resolver *real = (resolver *)dlsym(RTLD_NEXT, "getaddrinfo");

    if (name != NULL && strstr(name, "slow-dns") != NULL) {
        (void)sleep(20);
        return EAI_AGAIN;
    }
    return real(name, service, hints, result);
}
