#ifndef WXS_WAXSEAL_EXPORT_DKIM_H
#define WXS_WAXSEAL_EXPORT_DKIM_H

/* waxseal export dkim, waxseal export dkim-zone: their exit codes. */
int wxs_export_dkim_main(int argc, char **argv);
int wxs_export_dkim_zone_main(int argc, char **argv);

#endif
