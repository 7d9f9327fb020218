#include "found_links.h"

#include <stdlib.h>
#include <string.h>

bool
wxs_found_links_add(wxs_found_links *links, const wxs_found_link *link)
{
    if (links->count == links->room) {
        size_t room = links->room == 0 ? 16 : links->room * 2;
        wxs_found_link *grown =
            reallocarray(links->link, room, sizeof(links->link[0]));

        if (grown == NULL)
            return false;
        links->link = grown;
        links->room = room;
    }
    links->link[links->count++] = *link;
    return true;
}

void
wxs_found_links_free(wxs_found_links *links)
{
    free(links->link);
    wxs_buffer_free(&links->text);
    memset(links, 0, sizeof(*links));
}
