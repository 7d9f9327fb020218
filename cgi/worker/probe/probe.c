#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "certs/self_check.h"
#include "clock.h"
#include "log.h"
#include "probe_judge.h"
#include "probe_store.h"
#include "worker.h"

/* Looks at tracking hosts as the world sees them, for who brings a CDN of their
 * own. A few threads, so that a host that answers slowly holds up only some of
 * the others. */

#define POLL_MS  200
#define RETRY_MS 5000
#define THREADS  4

typedef struct {
    const wxs_worker *worker;
    wxs_db *db;
    wxs_fetcher fetcher;
    pthread_t thread;
} prober;

/* ---- a look ---- */

/* What challenges are answered with, if there is an account. */
static const char *
find_thumbprint(const wxs_config *config, char text[WXS_THUMBPRINT_TEXT])
{
    char path[512];
    FILE *file;
    bool found;

    if (!wxs_config_path(config, "certs/thumbprint", path, sizeof path))
        return NULL;
    file = fopen(path, "re");
    found = file != NULL && fgets(text, WXS_THUMBPRINT_TEXT, file) != NULL;
    if (file != NULL)
        (void)fclose(file);
    return found && strlen(text) == WXS_THUMBPRINT_TEXT - 1 ? text : NULL;
}

static void
look(const prober *p, const wxs_probe_job *job, wxs_probe *probe)
{
    static const char icon[] = "/favicon.ico";
    char text[WXS_THUMBPRINT_TEXT], message[800];
    const char *thumbprint = find_thumbprint(p->worker->config, text);

    for (size_t i = 0; i < 2; i++) {
        wxs_fetch(&p->fetcher, true, job->host, icon, &probe->https[i]);
        if (probe->https[i].end != WXS_FETCH_ANSWERED)
            break;
    }
    wxs_fetch(&p->fetcher, false, job->host, icon, &probe->http);
    if (probe->https[0].end != WXS_FETCH_ANSWERED ||
        probe->https[1].end != WXS_FETCH_ANSWERED)
        return;
    wxs_fetch(&p->fetcher, true, job->host, "/o/waxseal-check", &probe->link);
    if (thumbprint != NULL && probe->https[0].region[0] != '\0')
        probe->origin = wxs_self_check(&p->fetcher, true, job->host, thumbprint,
                                       message, sizeof message) == WXS_REACHED
                            ? WXS_PROBE_OURS
                            : WXS_PROBE_FOREIGN;
}

/* Nothing is wrong, and the answers were this program's. */
static bool
is_proof(const wxs_probe *probe, const json_t *findings)
{
    const json_t *finding;
    size_t i;

    json_array_foreach(findings, i, finding)
    {
        const char *severity =
            json_string_value(json_object_get(finding, "severity"));

        if (severity == NULL || strcmp(severity, "note") != 0)
            return false;
    }
    return findings != NULL && probe->link.status == 200;
}

/* The result as the API has it; malloc()ed. */
static char *
result_text(const wxs_probe *probe, bool *proved)
{
    json_t *findings = wxs_probe_judge(probe);
    const wxs_fetch_result *https = &probe->https[0];

    *proved = is_proof(probe, findings);

    json_t *json = json_pack(
        "{s:o, s:{s:b, s:i, s:s, s:s}}", "findings", findings, "https",
        "answered", https->end == WXS_FETCH_ANSWERED, "status", https->status,
        "region", https->region, "protocol", https->protocol);
    char *text = json == NULL ? NULL : json_dumps(json, JSON_COMPACT);

    json_decref(json);
    return text;
}

static void
serve(prober *p, const wxs_probe_job *job)
{
    const wxs_region *region =
        wxs_config_region(p->worker->config, job->region);
    wxs_probe *probe = calloc(1, sizeof *probe);
    char *text = NULL;
    bool proved = false;
    wxs_error error = {"out of memory"};

    if (probe != NULL) {
        probe->host = job->host;
        probe->region = job->region;
        probe->is_served = job->is_served;
        probe->target = region == NULL ? "" : region->tracking_target;
        look(p, job, probe);
        text = result_text(probe, &proved);
    }
    if (text == NULL ||
        !wxs_probe_end(p->db, job, text, proved, wxs_now_us(), &error))
        wxs_log(WXS_LOG_ERROR, "a look at a tracking host came to nothing",
                "host", job->host, "reason", error.text, NULL);
    free(text);
    free(probe);
}

/* ---- the threads ---- */

static void *
run_prober(void *data)
{
    prober *p = data;
    int wait = 0;

    (void)pthread_setname_np(pthread_self(), "probe");
    while (wxs_worker_sleep(p->worker, wait)) {
        wxs_probe_job job;
        wxs_error error;
        bool taken;

        if (!wxs_probe_take(p->db, wxs_now_us(), &job, &taken, &error)) {
            wxs_log(WXS_LOG_ERROR, "tracking checks cannot use the database",
                    "reason", error.text, NULL);
            wait = RETRY_MS;
            continue;
        }
        if (taken)
            serve(p, &job);
        wait = taken ? 0 : POLL_MS;
    }
    return NULL;
}

static bool
open_prober(prober *p, wxs_error *error)
{
    const wxs_config *config = p->worker->config;

    p->fetcher =
        (wxs_fetcher){.config = config, .ca_file = config->edge.probe_ca_file};
    p->fetcher.lookup = wxs_lookup_new(config, error);
    return p->fetcher.lookup != NULL &&
           wxs_db_open(&p->db, config->dir, WXS_DB_CONTROL, WXS_DB_WRITE,
                       error);
}

static bool
start_prober(prober *p, wxs_error *error)
{
    return pthread_create(&p->thread, NULL, run_prober, p) == 0 ||
           wxs_fail(error, "cannot start a thread");
}

void
wxs_probe_run(const wxs_worker *worker)
{
    static prober probers[THREADS];
    wxs_error error;

    for (size_t i = 0; i < THREADS; i++) {
        probers[i] = (prober){.worker = worker};
        if (!open_prober(&probers[i], &error) ||
            (i == 0 && !wxs_probe_resume(probers[0].db, &error)) ||
            !start_prober(&probers[i], &error))
            wxs_worker_fatal("probe", &error);
    }
    for (size_t i = 0; i < THREADS; i++) {
        (void)pthread_join(probers[i].thread, NULL);
        wxs_lookup_free(probers[i].fetcher.lookup);
        wxs_db_close(probers[i].db);
    }
}
