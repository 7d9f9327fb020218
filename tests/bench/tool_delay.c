/* tool_delay MS PORT TO_PORT ADDRESS... - relays DNS over UDP and TCP from each
 * address (and PORT) to 127.0.0.1 TO_PORT and holds every answer back for MS
 * milliseconds. An address with a "-" before it takes questions and never
 * answers. Prints "ready", and the number of questions when it is ended. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define BATCH       64
#define PAUSE_US    500
#define PACKET_MAX  1500
#define HELD_MAX    65536
#define STREAM_MAX  4096
#define LISTEN_MAX  8
#define CONNECTIONS 8192 /* descriptors */

typedef struct {
    struct sockaddr_in client;
    uint16_t id; /* the client's */
    int socket;
} asked;

typedef struct {
    int64_t due; /* us */
    int socket;
    bool stream;
    struct sockaddr_in client;
    uint16_t length;
    unsigned char *data;
} held;

static asked table[65536]; /* by the id towards the server */
static uint16_t next_id;
static held queue[HELD_MAX];
static unsigned head, tail;
static int64_t delay_us;
static int udp_out, epoll_fd;
static struct sockaddr_in server;
static int peer[CONNECTIONS]; /* the other end of a relayed connection */
static bool from_server[CONNECTIONS];
static unsigned long questions;
static volatile sig_atomic_t stopped;

static int64_t
now_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000000) + now.tv_nsec / 1000;
}

static void
die(const char *what)
{
    perror(what);
    exit(1);
}

static void
watch(int fd)
{
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};

    if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event) != 0) {
        die("epoll_ctl");
    }
}

static int
open_socket(int type, const struct sockaddr_in *address, bool listening)
{
    int fd = socket(AF_INET, type | SOCK_NONBLOCK, 0);
    int on = 1;
    int size = 8 << 20;

    if (fd < 0) {
        die("socket");
    }
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size);
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof size);
    if ((listening ? bind(fd, (const struct sockaddr *)address, sizeof *address)
                   : connect(fd, (const struct sockaddr *)address,
                             sizeof *address)) != 0 &&
        errno != EINPROGRESS) {
        die(listening ? "bind" : "connect");
    }
    if (listening && type == SOCK_STREAM && listen(fd, 1024) != 0) {
        die("listen");
    }
    return fd;
}

static void
hold(const held *entry, const unsigned char *data, size_t length)
{
    held *slot = &queue[tail % HELD_MAX];

    if (tail - head == HELD_MAX) {
        return; /* full: lost, as on a network */
    }
    tail++;
    *slot = *entry;
    slot->due = now_us() + delay_us;
    slot->length = (uint16_t)length;
    slot->data = malloc(length);
    if (slot->data == NULL) {
        die("malloc");
    }
    memcpy(slot->data, data, length);
}

/* ---- datagrams ---- */

static unsigned char packets[BATCH][PACKET_MAX];
static struct sockaddr_in names[BATCH];
static struct iovec vectors[BATCH];
static struct mmsghdr messages[BATCH];

static int
receive(int fd)
{
    for (int i = 0; i < BATCH; i++) {
        vectors[i] = (struct iovec){packets[i], PACKET_MAX};
        messages[i].msg_hdr = (struct msghdr){.msg_name = &names[i],
                                              .msg_namelen = sizeof names[i],
                                              .msg_iov = &vectors[i],
                                              .msg_iovlen = 1};
    }
    return recvmmsg(fd, messages, BATCH, MSG_DONTWAIT, NULL);
}

static void
relay_questions(int fd)
{
    int n = receive(fd);

    for (int i = 0; i < n; i++) {
        asked *entry = &table[next_id];

        memcpy(&entry->id, packets[i], 2);
        entry->client = names[i];
        entry->socket = fd;
        memcpy(packets[i], &next_id, 2);
        next_id++;
        questions++;
        vectors[i].iov_len = messages[i].msg_len;
        messages[i].msg_hdr.msg_name = NULL;
        messages[i].msg_hdr.msg_namelen = 0;
    }
    for (int sent = 0; sent < n;) {
        int done = sendmmsg(udp_out, messages + sent, (unsigned)(n - sent), 0);

        if (done < 0 && errno != EAGAIN && errno != ECONNREFUSED) {
            die("sendmmsg");
        }
        sent += done < 0 ? 0 : done;
    }
}

static void
take_answers(void)
{
    int n;

    while ((n = receive(udp_out)) > 0) {
        for (int i = 0; i < n; i++) {
            uint16_t id;

            memcpy(&id, packets[i], 2);
            memcpy(packets[i], &table[id].id, 2);
            hold(
                &(held){.socket = table[id].socket, .client = table[id].client},
                packets[i], messages[i].msg_len);
        }
    }
}

/* ---- connections ---- */

static void
end_connection(int fd)
{
    int other = peer[fd];

    close(fd);
    peer[fd] = -1;
    if (other >= 0) {
        peer[other] = -1;
        close(other);
    }
}

static void
accept_connection(int fd)
{
    int client;

    while ((client = accept4(fd, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
        int out = open_socket(SOCK_STREAM, &server, false);

        if (client >= CONNECTIONS || out >= CONNECTIONS) {
            close(client);
            close(out);
            continue;
        }
        peer[client] = out;
        peer[out] = client;
        from_server[client] = false;
        from_server[out] = true;
        watch(client);
        watch(out);
    }
}

/* Questions are small: what a socket does not take at once is not expected. */
static void
relay_stream(int fd)
{
    unsigned char data[STREAM_MAX];
    ssize_t n = recv(fd, data, sizeof data, 0);

    if (n <= 0) {
        if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
            end_connection(fd);
        }
        return;
    }
    if (from_server[fd]) {
        hold(&(held){.socket = peer[fd], .stream = true}, data, (size_t)n);
        return;
    }
    questions++;
    /* the connection to the server may not stand yet */
    for (int i = 0;
         i < 200 && send(peer[fd], data, (size_t)n, MSG_NOSIGNAL) < 0; i++) {
        usleep(100);
    }
}

/* ---- running ---- */

static void
send_datagrams(int fd, int count)
{
    /* what does not fit is lost, as on a network */
    (void)!sendmmsg(fd, messages, (unsigned)count, 0);
}

static void
release_due(void)
{
    int64_t now = now_us();
    unsigned first = head;
    int count = 0, fd = -1;

    for (; head != tail && queue[head % HELD_MAX].due <= now; head++) {
        held *entry = &queue[head % HELD_MAX];

        if (entry->stream) {
            (void)!send(entry->socket, entry->data, entry->length,
                        MSG_NOSIGNAL);
            continue;
        }
        if (count == BATCH || (count > 0 && fd != entry->socket)) {
            send_datagrams(fd, count);
            count = 0;
        }
        fd = entry->socket;
        vectors[count] = (struct iovec){entry->data, entry->length};
        messages[count].msg_hdr =
            (struct msghdr){.msg_name = &entry->client,
                            .msg_namelen = sizeof entry->client,
                            .msg_iov = &vectors[count],
                            .msg_iovlen = 1};
        count++;
    }
    if (count > 0) {
        send_datagrams(fd, count);
    }
    for (; first != head; first++) {
        free(queue[first % HELD_MAX].data);
    }
}

static void
on_signal(int number)
{
    (void)number;
    stopped = 1;
}

int
main(int argc, char **argv)
{
    int udp[LISTEN_MAX], tcp[LISTEN_MAX];
    bool mute[LISTEN_MAX];
    int count = argc - 4;

    if (count < 1 || count > LISTEN_MAX) {
        fprintf(stderr, "usage: tool_delay MS PORT TO_PORT ADDRESS...\n");
        return 2;
    }
    signal(SIGTERM, on_signal);
    delay_us = atoi(argv[1]) * INT64_C(1000);
    epoll_fd = epoll_create1(0);
    server = (struct sockaddr_in){.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)atoi(argv[3])),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    udp_out = open_socket(SOCK_DGRAM, &server, false);
    watch(udp_out);
    memset(peer, -1, sizeof peer);
    for (int i = 0; i < count; i++) {
        struct sockaddr_in at = server;

        mute[i] = argv[4 + i][0] == '-';
        at.sin_port = htons((uint16_t)atoi(argv[2]));
        if (inet_pton(AF_INET, argv[4 + i] + mute[i], &at.sin_addr) != 1) {
            die(argv[4 + i]);
        }
        udp[i] = open_socket(SOCK_DGRAM, &at, true);
        tcp[i] = open_socket(SOCK_STREAM, &at, true);
        if (!mute[i]) {
            watch(udp[i]);
            watch(tcp[i]);
        }
    }
    puts("ready");
    fflush(stdout);
    while (!stopped) {
        struct epoll_event events[BATCH];
        int64_t wait =
            head == tail ? 1000000 : queue[head % HELD_MAX].due - now_us();
        struct timespec limit = {.tv_sec = 0,
                                 .tv_nsec = wait <= 0 ? 0 : wait * 1000};

        if (wait >= 1000000) {
            limit = (struct timespec){.tv_sec = 1};
        }
        int n = epoll_pwait2(epoll_fd, events, BATCH, &limit, NULL);

        for (int i = 0; i < n; i++) {
            int fd = events[i].data.fd;
            int k = 0;

            while (k < count && fd != udp[k] && fd != tcp[k]) {
                k++;
            }
            if (fd == udp_out) {
                take_answers();
            } else if (k == count) {
                if (peer[fd] >= 0) {
                    relay_stream(fd);
                }
            } else if (fd == udp[k]) {
                relay_questions(fd);
            } else {
                accept_connection(fd);
            }
        }
        release_due();
        usleep(PAUSE_US); /* so that more comes together */
    }
    printf("%lu\n", questions);
    return 0;
}
