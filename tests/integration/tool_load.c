/* tool_load PORT HOST CONNECTIONS PAUSE_MS TAG < LINKS > LEDGER
 *
 * Follows tracking links over keep-alive connections until TERM, each request
 * with a user agent of its own, and writes down what became of each:
 *
 *   answered AGENT     wholly, with the right Location or the pixel
 *   unanswered AGENT   sent at least in part, no whole answer came
 *   wrong AGENT WHAT   answered otherwise
 *   refused COUNT      connections that could not be made (the last line)
 *
 * A line of LINKS is "PATH DESTINATION", "-" for a pixel. A connection that
 * breaks is made anew, and what was unanswered on it is not sent again: the
 * next request takes its turn. */
#include <err.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define LINKS_MAX       64
#define CONNECTIONS_MAX 64
#define BURST           4    /* requests that are sent at once */
#define REST            100  /* bursts after which a connection is made anew */
#define ANSWER_MAX      8192 /* bytes, head and body */
#define AGENT_SIZE      64
#define TIMEOUT_S       10

struct link {
    char path[2200];
    char destination[2200];
};

/* A connection and what has been read of it beyond the last answer. */
struct client {
    pthread_t thread;
    int number;
    int fd;
    unsigned long requests;
    unsigned bursts;
    size_t len;
    char bytes[ANSWER_MAX];
};

static struct link links[LINKS_MAX];
static size_t links_count;
static const char *host, *tag;
static int port, pause_ms;
static atomic_bool is_over;
static atomic_ulong refused;

static void
stop(int number)
{
    (void)number;
    atomic_store(&is_over, true);
}

static void
rest(int ms)
{
    struct timespec time = {.tv_sec = ms / 1000,
                            .tv_nsec = (long)(ms % 1000) * 1000000};

    (void)nanosleep(&time, NULL);
}

static bool
is_connected(struct client *client)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct timeval timeout = {.tv_sec = TIMEOUT_S};
    int one = 1;

    if (client->fd != -1)
        return true;
    client->len = 0;
    client->bursts = 0;
    client->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (client->fd == -1)
        err(1, "socket");
    if (setsockopt(client->fd, SOL_SOCKET, SO_RCVTIMEO, &timeout,
                   sizeof timeout) == 0 &&
        setsockopt(client->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one) ==
            0 &&
        connect(client->fd, (struct sockaddr *)&address, sizeof address) == 0)
        return true;
    atomic_fetch_add(&refused, 1);
    (void)close(client->fd);
    client->fd = -1;
    return false;
}

static void
disconnect(struct client *client)
{
    (void)close(client->fd);
    client->fd = -1;
}

/* Reads until the answer at the beginning of bytes has a whole head; its
 * length, 0 if the connection broke. */
static size_t
read_head(struct client *client)
{
    for (;;) {
        const char *end = memmem(client->bytes, client->len, "\r\n\r\n", 4);
        ssize_t got;

        if (end != NULL)
            return (size_t)(end + 4 - client->bytes);
        if (client->len == sizeof client->bytes)
            return 0;
        got = recv(client->fd, client->bytes + client->len,
                   sizeof client->bytes - client->len, 0);
        if (got <= 0)
            return 0;
        client->len += (size_t)got;
    }
}

static bool
read_more(struct client *client, size_t len)
{
    while (client->len < len) {
        ssize_t got = recv(client->fd, client->bytes + client->len,
                           sizeof client->bytes - client->len, 0);

        if (got <= 0)
            return false;
        client->len += (size_t)got;
    }
    return true;
}

/* The value of a header, "" if it is not there. head ends in NUL. */
static void
header(const char *head, const char *name, char *value, size_t size)
{
    const char *at = strcasestr(head, name);
    size_t len;

    *value = '\0';
    if (at == NULL)
        return;
    at += strlen(name);
    len = strcspn(at, "\r\n");
    if (len >= size)
        len = size - 1;
    memcpy(value, at, len);
    value[len] = '\0';
}

static const char *
judge(const char *head, const char *body, size_t body_len,
      const struct link *link)
{
    char location[2200];

    if (strcmp(link->destination, "-") == 0)
        return strncmp(head, "HTTP/1.1 200 ", 13) == 0 && body_len >= 42 &&
                       memcmp(body, "GIF89a", 6) == 0
                   ? NULL
                   : "no-pixel";
    header(head, "\r\nLocation: ", location, sizeof location);
    if (strncmp(head, "HTTP/1.1 302 ", 13) != 0)
        return "no-redirect";
    return strcmp(location, link->destination) == 0 ? NULL : "other-location";
}

/* Takes one answer. False if the connection is of no more use. */
static bool
take_answer(struct client *client, const struct link *link, const char *agent)
{
    char head[ANSWER_MAX + 1], text[64];
    size_t head_len = read_head(client), body_len;
    const char *wrong;

    memcpy(head, client->bytes, head_len);
    head[head_len] = '\0';
    header(head, "\r\nContent-Length: ", text, sizeof text);
    body_len = strtoul(text, NULL, 10);
    if (head_len == 0 || body_len > sizeof client->bytes - head_len ||
        !read_more(client, head_len + body_len)) {
        printf("unanswered %s\n", agent);
        return false;
    }
    wrong = judge(head, client->bytes + head_len, body_len, link);
    if (wrong == NULL)
        printf("answered %s\n", agent);
    else
        printf("wrong %s %s %.12s\n", agent, wrong, head);
    client->len -= head_len + body_len;
    memmove(client->bytes, client->bytes + head_len + body_len, client->len);
    header(head, "\r\nConnection: ", text, sizeof text);
    return strcasecmp(text, "close") != 0;
}

static void
burst(struct client *client)
{
    static _Thread_local char request[BURST * 2600];
    char agents[BURST][AGENT_SIZE];
    const struct link *followed[BURST];
    int sent = 0, answered = 0;
    size_t len = 0;
    bool good = true;

    for (; sent < BURST; sent++) {
        followed[sent] = &links[client->requests % links_count];
        (void)snprintf(agents[sent], AGENT_SIZE, "%s-%d-%lu", tag,
                       client->number, client->requests++);
        len += (size_t)snprintf(request + len, sizeof request - len,
                                "GET %s HTTP/1.1\r\nHost: %s\r\n"
                                "User-Agent: %s\r\n\r\n",
                                followed[sent]->path, host, agents[sent]);
    }
    if (send(client->fd, request, len, MSG_NOSIGNAL) != (ssize_t)len)
        good = false;
    while (good && answered < sent) {
        good = take_answer(client, followed[answered], agents[answered]);
        answered++;
    }
    for (int i = answered; i < sent; i++)
        printf("unanswered %s\n", agents[i]);
    if (!good || ++client->bursts == REST)
        disconnect(client);
}

static void *
run(void *argument)
{
    struct client *client = argument;

    while (!atomic_load(&is_over)) {
        if (is_connected(client))
            burst(client);
        rest(pause_ms);
    }
    if (client->fd != -1)
        disconnect(client);
    return NULL;
}

int
main(int argc, char **argv)
{
    static struct client clients[CONNECTIONS_MAX];
    struct sigaction action = {.sa_handler = stop};
    int count;

    if (argc != 6)
        errx(2, "usage: tool_load PORT HOST CONNECTIONS PAUSE_MS TAG");
    port = atoi(argv[1]);
    host = argv[2];
    count = atoi(argv[3]);
    pause_ms = atoi(argv[4]);
    tag = argv[5];
    while (links_count < LINKS_MAX &&
           scanf("%2199s %2199s", links[links_count].path,
                 links[links_count].destination) == 2)
        links_count++;
    if (links_count == 0 || count < 1 || count > CONNECTIONS_MAX ||
        strlen(host) > 200 || strlen(tag) > 20)
        errx(2, "wrong arguments");
    if (sigaction(SIGTERM, &action, NULL) == -1)
        err(1, "sigaction");
    for (int i = 0; i < count; i++) {
        clients[i].number = i;
        clients[i].fd = -1;
        if (pthread_create(&clients[i].thread, NULL, run, &clients[i]) != 0)
            errx(1, "pthread_create");
    }
    for (int i = 0; i < count; i++)
        (void)pthread_join(clients[i].thread, NULL);
    printf("refused %lu\n", atomic_load(&refused));
    return fflush(stdout) == 0 ? 0 : 1;
}
