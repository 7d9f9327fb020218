/* tool_hello SOCKET - the least that a FastCGI program can do, on four threads:
 * what answers of the API are compared with. */

#include <fcgiapp.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define THREADS 4
#define BODY    "{\"hello\":\"world\"}"

static void *
serve(void *arg)
{
    FCGX_Request request;

    FCGX_InitRequest(&request, *(const int *)arg, 0);
    while (FCGX_Accept_r(&request) == 0) {
        FCGX_PutS("Status: 200 OK\r\nContent-Type: application/json\r\n"
                  "Content-Length: 17\r\n\r\n" BODY,
                  request.out);
        FCGX_Finish_r(&request);
    }
    return NULL;
}

int
main(int argc, char **argv)
{
    pthread_t threads[THREADS];
    int fd;

    if (argc != 2 || FCGX_Init() != 0)
        return 2;
    fd = FCGX_OpenSocket(argv[1], 511);
    if (fd < 0 || chmod(argv[1], 0666) != 0)
        return 1;
    for (size_t i = 0; i < THREADS; i++) {
        if (pthread_create(&threads[i], NULL, serve, &fd) != 0)
            return 1;
    }
    return pthread_join(threads[0], NULL);
}
