#ifndef WXS_CORE_BOOT_ID_H
#define WXS_CORE_BOOT_ID_H

#include <stdint.h>

#define WXS_BOOT_ID_SIZE 16

/* The kernel's random id of this boot; all zero where it cannot be read. */
void wxs_boot_id(uint8_t id[WXS_BOOT_ID_SIZE]);

#endif
