#ifndef WXS_WAXSEAL_WEBHOOK_H
#define WXS_WAXSEAL_WEBHOOK_H

/* `waxseal webhook add|list|show|set|delete|rotate-secret`: the account's
 * webhooks. */
int wxs_webhook_add_main(int argc, char **argv);
int wxs_webhook_list_main(int argc, char **argv);
int wxs_webhook_show_main(int argc, char **argv);
int wxs_webhook_set_main(int argc, char **argv);
int wxs_webhook_delete_main(int argc, char **argv);
int wxs_webhook_rotate_secret_main(int argc, char **argv);

#endif
