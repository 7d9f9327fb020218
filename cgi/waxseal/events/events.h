#ifndef WXS_WAXSEAL_EVENTS_H
#define WXS_WAXSEAL_EVENTS_H

/* `waxseal events`: prints events, and with --follow those that come. */
int wxs_events_main(int argc, char **argv);

/* `waxseal events export`: writes all of them as CSV or NDJSON. */
int wxs_events_export_main(int argc, char **argv);

#endif
