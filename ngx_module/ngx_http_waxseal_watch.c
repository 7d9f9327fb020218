
#include "ngx_http_waxseal.h"


/*
 * by the time of change, which tells a chmod or chown that makes a file
 * readable, too; a file that is gone has not changed
 */

ngx_uint_t
ngx_http_waxseal_changed(ngx_http_waxseal_watch_t *watch, ngx_str_t *path)
{
    ngx_file_info_t  fi;

    if (ngx_file_info(path->data, &fi) == NGX_FILE_ERROR) {
        return 0;
    }

    if (watch->known
        && watch->uniq == ngx_file_uniq(&fi)
        && watch->device == fi.st_dev
        && watch->size == fi.st_size
        && watch->changed.tv_sec == fi.st_ctim.tv_sec
        && watch->changed.tv_nsec == fi.st_ctim.tv_nsec)
    {
        return 0;
    }

    watch->uniq = ngx_file_uniq(&fi);
    watch->device = fi.st_dev;
    watch->size = fi.st_size;
    watch->changed = fi.st_ctim;
    watch->known = 1;

    return 1;
}
