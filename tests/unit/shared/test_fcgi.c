/* The transport and the main() of a FastCGI program, over a real socket that a
 * supervisor (the test) holds. */
#include <check.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "../state_dir.h"
#include "service.h"

#define BODY_MAX 100000

static int listen_fd = -1;
static char key[WXS_API_KEY_TEXT];
static char answer[400000];
static size_t answer_len;

static void
echo(wxs_context *context, const wxs_request *request, wxs_response *response)
{
    (void)context;
    wxs_answer(response, 201,
               json_pack("{s:s#, s:s, s:s, s:s, s:i}", "body", request->body,
                         (int)request->body_len, "path", request->path, "query",
                         request->query, "agent", request->user_agent, "end",
                         request->body[request->body_len]));
}

static void
csv(wxs_context *context, const wxs_request *request, wxs_response *response)
{
    (void)context;
    (void)request;
    response->status = 200;
    response->text = strdup("a,b\n");
    response->text_len = 4;
    response->content_type = "text/csv";
    response->retry_after = 3;
}

static bool
start(const wxs_config *config, void **state, wxs_error *error)
{
    (void)error;
    *state = strdup(config->dir);
    return *state != NULL;
}

static const wxs_route routes[] = {
    {"DELETE", "/echo/{x}", WXS_FULL_ACCESS, echo},
    {"GET", "/csv", WXS_FULL_ACCESS, csv},
    {0},
};
static const wxs_service service = {.name = "test",
                                    .routes = routes,
                                    .uses_events = true,
                                    .body_max = BODY_MAX,
                                    .start = start,
                                    .stop = free};

static int
unix_socket(const char *name, struct sockaddr_un *address)
{
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    struct timeval limit = {.tv_sec = 10};

    ck_assert_int_ge(fd, 0);
    memset(address, 0, sizeof(*address));
    address->sun_family = AF_UNIX;
    snprintf(address->sun_path, sizeof(address->sun_path), "%s",
             state_path(name));
    ck_assert_int_eq(
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)), 0);
    return fd;
}

static void
setup(void)
{
    struct sockaddr_un address;
    wxs_error error;

    state_dir_make();
    ck_assert(wxs_db_migrate(state_dir, &error));
    state_sql(WXS_DB_CONTROL, "INSERT INTO accounts (number, id, name, "
                              "created_at) VALUES (1, 'a', 'a', 1)");
    state_key("k", 1, "full_access", key);
    listen_fd = unix_socket("held.sock", &address);
    ck_assert_int_eq(
        bind(listen_fd, (struct sockaddr *)&address, sizeof(address)), 0);
    ck_assert_int_eq(listen(listen_fd, 16), 0);
}

static void
teardown(void)
{
    close(listen_fd);
    state_dir_remove();
}

/* Starts the program with the socket, or /dev/null, as standard input. */
static pid_t
start_program(int input, const char *option, const char *value)
{
    char *argv[] = {"test", "--dir",        state_dir,     "--threads",
                    "2",    (char *)option, (char *)value, NULL};
    int argc = option == NULL ? 5 : 7;
    pid_t pid = fork();

    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        int fd = input >= 0 ? input : open("/dev/null", O_RDONLY);
        if (dup2(fd, STDIN_FILENO) < 0)
            _exit(99);
        argv[argc] = NULL;
        _exit(wxs_service_main(&service, argc, argv));
    }
    return pid;
}

static int
exit_code(pid_t pid)
{
    int status;

    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert(WIFEXITED(status));
    return WEXITSTATUS(status);
}

/* FastCGI 1.0, section 3.3: a record of request 1. */
static void
put_record(int fd, int type, const void *content, size_t len)
{
    unsigned char head[8] = {1, (unsigned char)type,       0,
                             1, (unsigned char)(len >> 8), (unsigned char)len};

    ck_assert_int_eq(write(fd, head, 8), 8);
    ck_assert_int_eq(write(fd, content, len), (ssize_t)len);
}

static void
put_param(char *params, size_t *used, const char *name, const char *value)
{
    params[(*used)++] = (char)strlen(name);
    params[(*used)++] = (char)strlen(value);
    memcpy(params + *used, name, strlen(name));
    *used += strlen(name);
    memcpy(params + *used, value, strlen(value));
    *used += strlen(value);
}

static void
put_request(int fd, const char *method, const char *target,
            const char *content_length, const char *body, size_t body_len)
{
    static const unsigned char responder[8] = {0, 1};
    char authorization[64];
    char params[1024];
    size_t used = 0;

    snprintf(authorization, sizeof(authorization), "Bearer %s", key);
    put_param(params, &used, "REQUEST_METHOD", method);
    put_param(params, &used, "REQUEST_URI", target);
    put_param(params, &used, "QUERY_STRING", "q=1");
    put_param(params, &used, "CONTENT_LENGTH", content_length);
    put_param(params, &used, "HTTP_AUTHORIZATION", authorization);
    put_param(params, &used, "HTTP_USER_AGENT", "tester/1");
    put_record(fd, 1, responder, sizeof(responder));
    put_record(fd, 4, params, used);
    put_record(fd, 4, "", 0);
    while (body_len > 0) {
        size_t step = body_len > 60000 ? 60000 : body_len;
        put_record(fd, 5, body, step);
        body += step;
        body_len -= step;
    }
    put_record(fd, 5, "", 0);
}

static void
get_bytes(int fd, void *bytes, size_t len)
{
    ck_assert_int_eq(recv(fd, bytes, len, MSG_WAITALL), (ssize_t)len);
}

/* Reads the answer to its end. */
static void
get_answer(int fd)
{
    unsigned char head[8];
    static char content[65536 + 256];

    answer_len = 0;
    do {
        size_t len;
        get_bytes(fd, head, 8);
        len = (size_t)(head[4] << 8 | head[5]);
        get_bytes(fd, content, len + head[6]);
        if (head[1] == 6) {
            ck_assert_uint_lt(answer_len + len, sizeof(answer));
            memcpy(answer + answer_len, content, len);
            answer_len += len;
        }
    } while (head[1] != 3);
    answer[answer_len] = '\0';
}

/* Connects, for up to 10 s while nothing listens yet. */
static int
connect_to(const char *name)
{
    struct sockaddr_un address;
    int fd = unix_socket(name, &address);
    int rc = -1;

    for (int i = 0; i < 1000 && rc != 0; i++) {
        rc = connect(fd, (struct sockaddr *)&address, sizeof(address));
        if (rc != 0)
            usleep(10000);
    }
    ck_assert_int_eq(rc, 0);
    return fd;
}

static void
call(const char *method, const char *target, const char *content_length,
     const char *body, size_t body_len)
{
    int fd = connect_to("held.sock");

    put_request(fd, method, target, content_length, body, body_len);
    get_answer(fd);
    close(fd);
}

static void
assert_has(const char *text)
{
    ck_assert_msg(strstr(answer, text) != NULL, "%s lacks %s", answer, text);
}

START_TEST(requests_and_answers)
{
    pid_t pid = start_program(listen_fd, NULL, NULL);
    static char big[BODY_MAX + 1];

    call("DELETE", "//echo/a%20b/?q=1", "3", "xyz", 3);
    ck_assert_int_eq(strncmp(answer, "Status: 201 Created\r\n", 21), 0);
    assert_has("\r\nContent-Type: application/json; charset=utf-8\r\n");
    assert_has("\r\nX-Request-Id: ");
    assert_has("\r\n\r\n{\"body\":\"xyz\",\"path\":\"/echo/a%20b\",\"query\":"
               "\"q=1\",\"agent\":\"tester/1\",\"end\":0}");
    call("DELETE", "/echo/1", "", "", 0);
    assert_has("{\"body\":\"\",");
    call("GET", "/csv", "", "", 0);
    assert_has("\r\nContent-Type: text/csv\r\nContent-Length: 4\r\n");
    assert_has("\r\nRetry-After: 3\r\n");
    assert_has("\r\n\r\na,b\n");
    call("PUT", "/csv", "", "", 0);
    assert_has("\r\nAllow: GET\r\n");
    memset(big, 'x', sizeof(big));
    call("DELETE", "/echo/1", "100000", big, BODY_MAX);
    ck_assert_uint_gt(answer_len, BODY_MAX);
    assert_has("Status: 201 ");
    call("DELETE", "/echo/1", "100001", big, BODY_MAX + 1);
    assert_has("Status: 413 ");
    call("DELETE", "/echo/1", "4", "xyz", 3);
    assert_has("Status: 400 ");
    memset(big, 'x', 300);
    big[0] = '/';
    big[120] = '\0';
    call("GET", big, "", "", 0);
    assert_has("Status: 404 ");
    ck_assert_int_eq(kill(pid, SIGTERM), 0);
    ck_assert_int_eq(exit_code(pid), 0);
}
END_TEST

/* What waits on the socket while no program runs is served by the next. */
START_TEST(the_socket_outlives_the_program)
{
    static const int signals[] = {SIGTERM, SIGINT, SIGUSR1, SIGKILL};
    pid_t pid = start_program(listen_fd, NULL, NULL);

    for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
        int fd;
        int status;
        call("GET", "/csv", "", "", 0);
        ck_assert_int_eq(kill(pid, signals[i]), 0);
        ck_assert_int_eq(waitpid(pid, &status, 0), pid);
        fd = connect_to("held.sock");
        put_request(fd, "GET", "/csv", "", "", 0);
        pid = start_program(listen_fd, NULL, NULL);
        get_answer(fd);
        assert_has("Status: 200 OK");
        close(fd);
    }
    ck_assert_int_eq(kill(pid, SIGTERM), 0);
    ck_assert_int_eq(exit_code(pid), 0);
}
END_TEST

/* A client that goes away, or talks nonsense, harms nobody. */
START_TEST(broken_clients)
{
    pid_t pid = start_program(listen_fd, NULL, NULL);

    for (int i = 0; i < 4; i++) {
        int fd = connect_to("held.sock");
        if (i == 1)
            ck_assert_int_eq(write(fd, "GET / HTTP/1.0\r\n\r\n", 18), 18);
        if (i == 2)
            put_request(fd, "GET", "/csv", "", "", 0);
        if (i == 3)
            put_record(fd, 1, "\0\1\0\0\0\0\0\0", 8);
        close(fd);
    }
    call("GET", "/csv", "", "", 0);
    assert_has("Status: 200 OK");
    ck_assert_int_eq(kill(pid, SIGTERM), 0);
    ck_assert_int_eq(exit_code(pid), 0);
}
END_TEST

START_TEST(makes_a_socket_of_its_own)
{
    char path[128];
    struct stat st;
    pid_t pid;
    int fd;

    snprintf(path, sizeof(path), "%s", state_path("own.sock"));
    pid = start_program(-1, "--socket", path);
    fd = connect_to("own.sock");
    ck_assert_int_eq(stat(path, &st), 0);
    ck_assert_uint_eq(st.st_mode & 0777, 0660);
    put_request(fd, "GET", "/csv", "", "", 0);
    get_answer(fd);
    assert_has("Status: 200 OK");
    close(fd);
    ck_assert_int_eq(kill(pid, SIGTERM), 0);
    ck_assert_int_eq(exit_code(pid), 0);
    ck_assert_int_ne(stat(path, &st), 0);
}
END_TEST

START_TEST(wrong_starts)
{
    ck_assert_int_eq(exit_code(start_program(-1, NULL, NULL)), 1);
    ck_assert_int_eq(exit_code(start_program(-1, "--threads", "0")), 2);
    ck_assert_int_eq(exit_code(start_program(-1, "--threads", "65")), 2);
    ck_assert_int_eq(exit_code(start_program(listen_fd, "--dir", "/nowhere")),
                     1);
    ck_assert_int_eq(exit_code(start_program(listen_fd, "--config", "/none")),
                     1);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("fcgi");
    TCase *tests = tcase_create("fcgi");
    SRunner *runner;
    int failures;

    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, requests_and_answers);
    tcase_add_test(tests, the_socket_outlives_the_program);
    tcase_add_test(tests, broken_clients);
    tcase_add_test(tests, makes_a_socket_of_its_own);
    tcase_add_test(tests, wrong_starts);
    suite_add_tcase(suite, tests);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failures = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failures != 0;
}
