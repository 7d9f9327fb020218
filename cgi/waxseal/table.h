#ifndef WXS_WAXSEAL_TABLE_H
#define WXS_WAXSEAL_TABLE_H

/* `waxseal table build`, argv[0] being "build" */
int wxs_table_build_main(int argc, char **argv);

#endif
