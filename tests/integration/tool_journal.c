/* tool_journal DIRECTORY SEGMENT...
 *
 * Prints the events of journal segments, each a line of JSON, and a line for
 * each segment that tells whether more can follow. */
#include <err.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "journal_read.h"

static void
print_text(const char *key, const char *text, size_t len)
{
    printf("\"%s\":\"", key);
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];

        if (c < 0x20 || c == '"' || c == '\\' || c > 0x7e)
            printf("\\u%04x", c);
        else
            putchar(c);
    }
    printf("\",");
}

static void
print_hex(const char *key, const uint8_t *bytes, size_t len)
{
    printf("\"%s\":\"", key);
    for (size_t i = 0; i < len; i++)
        printf("%02x", bytes[i]);
    printf("\",");
}

static void
print_event(const wxs_journal_segment *segment, const wxs_event *event)
{
    printf("{\"writer\":%" PRIu64 ",\"sequence\":%" PRIu64
           ",\"time_ms\":%" PRIu64 ",\"type\":\"%c\",\"mode\":%d,\"flags\":%d,",
           segment->writer_id, event->sequence, event->time_ms,
           (int)event->type, (int)event->mode, event->flags);
    print_hex("message_id", event->message_id, sizeof event->message_id);
    print_hex("address", event->address, sizeof event->address);
    print_text("destination", event->rest, event->rest_len);
    print_text("agent", event->agent, event->agent_len);
    printf("\"domain\":%" PRIu32 ",\"link_index\":%" PRIu32
           ",\"link_id\":%" PRIu64 "}\n",
           event->domain, event->link_index, event->link_id);
}

static void
print_segment(int dir_fd, const char *name)
{
    wxs_journal_segment segment;
    wxs_event event;
    wxs_status status;

    status = wxs_journal_segment_open(&segment, dir_fd, name, 0);
    if (status != WXS_OK)
        errx(1, "%s: %s", name, wxs_status_text(status));
    while ((status = wxs_journal_next(&segment, &event)) == WXS_OK)
        print_event(&segment, &event);
    if (status != WXS_END || segment.damaged != 0)
        errx(1, "%s: damaged", name);
    printf("{\"segment\":\"%s\",\"finished\":%s}\n", name,
           wxs_journal_finished(&segment) ? "true" : "false");
    wxs_journal_segment_close(&segment);
}

int
main(int argc, char **argv)
{
    int dir_fd;

    if (argc < 2)
        errx(2, "usage: tool_journal DIRECTORY SEGMENT...");
    dir_fd = open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir_fd == -1)
        err(1, "%s", argv[1]);
    for (int i = 2; i < argc; i++)
        print_segment(dir_fd, argv[i]);
    (void)close(dir_fd);
    return 0;
}
