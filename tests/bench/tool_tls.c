/* tool_tls PORT SECONDS FILE [once]
 *
 * Makes one full TLS 1.3 handshake after the other, each for the next of the
 * hosts in FILE, with one request in it, and prints how many there were; with
 * "once", one for each host and no more. An answer other than 204, and a
 * resumed session, end it with an error. */
#include <arpa/inet.h>
#include <err.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define HOSTS_MAX 200000

static char *hosts[HOSTS_MAX];
static size_t host_count;

static void
read_hosts(const char *path)
{
    char line[300];
    FILE *file = fopen(path, "r");

    if (file == NULL)
        err(1, "%s", path);
    while (host_count < HOSTS_MAX && fgets(line, sizeof line, file) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        hosts[host_count] = strdup(line);
        if (hosts[host_count++] == NULL)
            err(1, NULL);
    }
    (void)fclose(file);
    if (host_count == 0)
        errx(1, "%s: empty", path);
}

static int
connect_to(uint16_t port)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons(port),
                                  .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;

    if (fd == -1 ||
        connect(fd, (struct sockaddr *)&address, sizeof address) == -1 ||
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == -1)
        err(1, "connect");
    return fd;
}

static void
ask(SSL *ssl, const char *host)
{
    char text[400];
    int len = snprintf(text, sizeof text,
                       "GET / HTTP/1.1\r\nHost: %s\r\nConnection: close"
                       "\r\n\r\n",
                       host);

    if (SSL_write(ssl, text, len) != len)
        errx(1, "%s: cannot write", host);
    len = SSL_read(ssl, text, sizeof text - 1);
    if (len < 12 || strncmp(text, "HTTP/1.1 204", 12) != 0)
        errx(1, "%s: not the answer expected", host);
    while (SSL_read(ssl, text, sizeof text) > 0)
        ;
}

static void
shake_hands(SSL_CTX *context, uint16_t port, const char *host)
{
    int fd = connect_to(port);
    SSL *ssl = SSL_new(context);

    if (ssl == NULL || SSL_set_tlsext_host_name(ssl, host) != 1 ||
        SSL_set_fd(ssl, fd) != 1 || SSL_connect(ssl) != 1 ||
        SSL_session_reused(ssl) != 0)
        errx(1, "%s: no full handshake", host);
    ask(ssl, host);
    SSL_free(ssl);
    (void)close(fd);
}

static double
seconds(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int
main(int argc, char **argv)
{
    size_t done = 0;

    if (argc != 4 && argc != 5)
        errx(2, "usage: tool_tls PORT SECONDS FILE [once]");
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());

    if (context == NULL ||
        SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION) != 1)
        errx(1, "no TLS 1.3");
    read_hosts(argv[3]);
    double start = seconds(), end = start + atof(argv[2]);

    while (argc == 5 ? done < host_count : seconds() < end) {
        shake_hands(context, (uint16_t)atoi(argv[1]), hosts[done % host_count]);
        done++;
    }
    (void)printf("%zu handshakes in %.3f s\n", done, seconds() - start);
    SSL_CTX_free(context);
    return 0;
}
