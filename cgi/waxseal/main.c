#include <stdio.h>
#include <string.h>

#include "account.h"
#include "api_key.h"
#include "args.h"
#include "completion.h"
#include "domain.h"
#include "domain_more.h"
#include "erase.h"
#include "events/events.h"
#include "export_dkim.h"
#include "host_certificate.h"
#include "init.h"
#include "key.h"
#include "kill.h"
#include "rewrite_message.h"
#include "rotate_links.h"
#include "run.h"
#include "table.h"
#include "webhook.h"
#include "webhook_events.h"

static const struct {
    const char *word;
    const char *second; /* NULL: the command is one word */
    int (*run)(int argc, char **argv);
} commands[] = {
    {"run", NULL, wxs_run_main},
    {"init", NULL, wxs_init_main},
    {"account", "add", wxs_account_add_main},
    {"account", "list", wxs_account_list_main},
    {"account", "set", wxs_account_set_main},
    {"account", "delete", wxs_account_delete_main},
    {"key", "create", wxs_key_create_main},
    {"key", "add", wxs_api_key_add_main},
    {"key", "list", wxs_api_key_list_main},
    {"key", "rename", wxs_api_key_rename_main},
    {"key", "delete", wxs_api_key_delete_main},
    {"domain", "delete", wxs_domain_delete_main},
    {"domain", "import", wxs_domain_import_main},
    {"domain", "claim", wxs_domain_claim_main},
    {"domain", "add", wxs_domain_add_main},
    {"domain", "list", wxs_domain_list_main},
    {"domain", "show", wxs_domain_show_main},
    {"domain", "verify", wxs_domain_verify_main},
    {"domain", "check", wxs_domain_check_main},
    {"domain", "rotate-dkim", wxs_domain_rotate_dkim_main},
    {"domain", "import-key", wxs_domain_import_key_main},
    {"domain", "retry", wxs_domain_retry_main},
    {"domain", "rotate-links", wxs_domain_rotate_links_main},
    {"certificate", "list", wxs_certificate_list_main},
    {"certificate", "renew", wxs_certificate_renew_main},
    {"export", "dkim", wxs_export_dkim_main},
    {"export", "dkim-zone", wxs_export_dkim_zone_main},
    {"events", "export", wxs_events_export_main},
    {"events", NULL, wxs_events_main},
    {"erase", "message", wxs_erase_message_main},
    {"erase", "recipient", wxs_erase_recipient_main},
    {"webhook", "add", wxs_webhook_add_main},
    {"webhook", "list", wxs_webhook_list_main},
    {"webhook", "show", wxs_webhook_show_main},
    {"webhook", "set", wxs_webhook_set_main},
    {"webhook", "delete", wxs_webhook_delete_main},
    {"webhook", "rotate-secret", wxs_webhook_rotate_secret_main},
    {"webhook", "events", wxs_webhook_events_main},
    {"webhook", "attempts", wxs_webhook_attempts_main},
    {"webhook", "replay", wxs_webhook_replay_main},
    {"kill", "link", wxs_kill_link_main},
    {"kill", "message", wxs_kill_message_main},
    {"kill", "domain", wxs_kill_domain_main},
    {"unkill", "link", wxs_unkill_link_main},
    {"unkill", "message", wxs_unkill_message_main},
    {"unkill", "domain", wxs_unkill_domain_main},
    {"rewrite", NULL, wxs_rewrite_main},
    {"table", "build", wxs_table_build_main},
    {"completion", "bash", wxs_completion_bash_main},
    {"completion", "zsh", wxs_completion_zsh_main},
};

static const char help[] =
    "Usage: waxseal COMMAND [OPTIONS]\n"
    "\n"
    "  run                   start everything under one state directory\n"
    "  init                  make a state directory, or what one lacks\n"
    "  domain add NAME       take on a domain and print its DNS records\n"
    "  domain list           print the domains and their states\n"
    "  domain show NAME      print a domain's records and what was found\n"
    "  domain verify NAME    have the records checked (--all: of all domains)\n"
    "  domain check NAME     have them checked now and explain what is wrong\n"
    "  domain delete NAME    give a domain up; sent links go on redirecting\n"
    "  domain import FILE    take on many domains\n"
    "  domain claim NAME     take a domain over from another account\n"
    "  domain retry NAME     start a failed domain's verification anew\n"
    "  domain rotate-links NAME\n"
    "                        make new links with a new key\n"
    "  domain rotate-dkim NAME\n"
    "                        sign with a new DKIM key once it is published\n"
    "  domain import-key NAME\n"
    "                        sign with a DKIM key of your own\n"
    "  certificate list      print the tracking hosts and their certificates\n"
    "  certificate renew NAME\n"
    "                        have a new certificate ordered now\n"
    "  export dkim           write the DKIM keys for an MTA\n"
    "  export dkim-zone      print the DKIM records of the operator's zone\n"
    "  events                print opens and clicks (--follow: as they come)\n"
    "  events export         write all of them as CSV or NDJSON\n"
    "  erase message ID      erase what is stored of a message\n"
    "  erase recipient ADDRESS\n"
    "                        erase what is stored of all mail to an address\n"
    "  webhook add URL       tell a URL of events; prints its secret\n"
    "  webhook list          print the webhooks\n"
    "  webhook show ID       print a webhook, with its secret\n"
    "  webhook set ID        change a webhook\n"
    "  webhook delete ID     delete a webhook\n"
    "  webhook rotate-secret ID\n"
    "                        give a webhook a new secret\n"
    "  webhook events ID     print what a webhook was told\n"
    "  webhook attempts ID EVENT\n"
    "                        print each attempt to deliver an event\n"
    "  webhook replay ID EVENT\n"
    "                        deliver an event once more\n"
    "  kill link ID|URL      withdraw a table link: clicks answer 410\n"
    "  kill message ID       withdraw all links of a message\n"
    "  kill domain NAME      withdraw all links of a domain\n"
    "  unkill ...            take back a kill link, message or domain\n"
    "  rewrite               make a message trackable: a filter\n"
    "  account add NAME      add an account\n"
    "  account list          print the accounts and their quotas\n"
    "  account set NAME      change an account's name or quotas\n"
    "  account delete NAME   delete an account with its domains and keys\n"
    "  key create            make an API key, in the state directory\n"
    "  key add NAME          make an API key, through the API\n"
    "  key list              print the API keys and when they were used\n"
    "  key rename ID NAME    give an API key another name\n"
    "  key delete ID         delete an API key\n"
    "  table build           build the lookup table anew\n"
    "  completion bash|zsh   print a completion script for the shell\n"
    "\n"
    "`waxseal COMMAND --help` tells a command's options.\n"
    "  --help, --version\n";

/* --help, --version, or no command at all. */
static int
no_command(int argc, char **argv)
{
    const wxs_option options[] = {{0}};
    const wxs_command command = {"waxseal", help, options, 0};

    int code = wxs_args_read(&command, argc, argv, NULL);
    return code >= 0 ? code : wxs_misused(&command, "give a command");
}

int
main(int argc, char **argv)
{
    const wxs_command command = {"waxseal", help, NULL, 0};
    bool is_word = false;

    if (argc < 2 || argv[1][0] == '-')
        return no_command(argc, argv);
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        if (strcmp(argv[1], commands[i].word) != 0)
            continue;
        is_word = true;
        if (commands[i].second == NULL)
            return commands[i].run(argc - 1, argv + 1);
        if (argc > 2 && strcmp(argv[2], commands[i].second) == 0)
            return commands[i].run(argc - 2, argv + 2);
    }
    /* "waxseal domain --help" */
    if (is_word && argc > 2 && argv[2][0] == '-')
        return no_command(argc - 1, argv + 1);
    wxs_error error;
    (void)wxs_fail(&error, "there is no command \"%s%s%s\"", argv[1],
                   is_word && argc > 2 ? " " : "",
                   is_word && argc > 2 ? argv[2] : "");
    return wxs_misused(&command, error.text);
}
