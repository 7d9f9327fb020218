#ifndef WXS_WAXSEAL_ERASE_H
#define WXS_WAXSEAL_ERASE_H

/* `waxseal erase message|recipient`: erases what is stored of a message, or of
 * everything that was sent to an address. */
int wxs_erase_message_main(int argc, char **argv);
int wxs_erase_recipient_main(int argc, char **argv);

#endif
