#ifndef WXS_WAXSEAL_RUN_H
#define WXS_WAXSEAL_RUN_H

/* `waxseal run` */
int wxs_run_main(int argc, char **argv);

#endif
