/* tool_load PORT CONNECTIONS SECONDS STATUS FILE
 *
 * Sends the requests of FILE, lines of "METHOD HOST PATH AGENT", in turn over
 * keep-alive connections, each of which has one request under way, and prints
 * how many were answered. It never sleeps, and is cheaper than any server that
 * it asks: a server pays for being woken up and for waking its client, and the
 * figures of two servers are only comparable when neither sleeps. Any answer
 * with another status ends it with an error. */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define CONNECTIONS_MAX 256
#define REQUESTS_MAX    20000
#define LINE_SIZE       4096
#define ANSWER_SIZE     8192

static struct {
    char *text;
    size_t len;
} requests[REQUESTS_MAX];
static size_t request_count, next_request;

static void
read_requests(const char *path)
{
    static char line[LINE_SIZE], method[16], host[256], target[LINE_SIZE];
    FILE *file = fopen(path, "r");

    if (file == NULL)
        err(1, "%s", path);
    while (request_count < REQUESTS_MAX &&
           fgets(line, sizeof line, file) != NULL) {
        int agent = 0, len;

        if (sscanf(line, "%15s %255s %4095s %n", method, host, target,
                   &agent) != 3 ||
            agent == 0)
            errx(1, "%s: not a request: %s", path, line);
        line[strcspn(line, "\n")] = '\0';
        len = asprintf(&requests[request_count].text,
                       "%s %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: %s\r\n\r\n",
                       method, target, host, line + agent);
        if (len == -1)
            err(1, NULL);
        requests[request_count++].len = (size_t)len;
    }
    (void)fclose(file);
    if (request_count == 0)
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
send_next(int fd)
{
    size_t n = next_request++ % request_count;

    if (send(fd, requests[n].text, requests[n].len, 0) !=
        (ssize_t)requests[n].len)
        err(1, "send");
}

/* Bytes of the answer at text, 0 if it is not whole yet. */
static size_t
answer_length(const char *text, int head)
{
    const char *end = strstr(text, "\r\n\r\n");
    const char *length = strstr(text, "\r\nContent-Length: ");

    if (end == NULL)
        return 0;
    return (size_t)(end + 4 - text) + (head || length == NULL || length > end
                                           ? 0
                                           : strtoul(length + 18, NULL, 10));
}

static void
receive(int fd, const char *status, int head)
{
    static char answer[ANSWER_SIZE];
    size_t len = 0, whole = 0;

    while (whole == 0 || len < whole) {
        ssize_t n =
            recv(fd, answer + len, sizeof answer - 1 - len, MSG_DONTWAIT);

        if (n == -1 && errno == EAGAIN)
            continue;
        if (n <= 0)
            err(1, "recv");
        len += (size_t)n;
        answer[len] = '\0';
        whole = answer_length(answer, head);
    }
    if (len > whole || strncmp(answer, "HTTP/1.1 ", 9) != 0 ||
        strncmp(answer + 9, status, 3) != 0)
        errx(1, "not the answer expected: %.*s", (int)len, answer);
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
    int fds[CONNECTIONS_MAX], count, head;
    unsigned long answers = 0;
    double start, end;

    if (argc != 6)
        errx(2, "usage: tool_load PORT CONNECTIONS SECONDS STATUS FILE");
    count = atoi(argv[2]);
    if (count < 1 || count > CONNECTIONS_MAX)
        errx(2, "not 1 to %d connections", CONNECTIONS_MAX);
    read_requests(argv[5]);
    head = strncmp(requests[0].text, "HEAD ", 5) == 0;
    for (int i = 0; i < count; i++)
        fds[i] = connect_to((uint16_t)atoi(argv[1]));
    start = seconds();
    end = start + atof(argv[3]);
    for (int i = 0; i < count; i++)
        send_next(fds[i]);
    while (seconds() < end) {
        for (int i = 0; i < count; i++, answers++) {
            receive(fds[i], argv[4], head);
            send_next(fds[i]);
        }
    }
    for (int i = 0; i < count; i++, answers++)
        receive(fds[i], argv[4], head);
    (void)printf("%lu requests in %.3f s\n", answers, seconds() - start);
    return 0;
}
