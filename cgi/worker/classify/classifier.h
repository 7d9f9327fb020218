#ifndef WXS_CLASSIFY_CLASSIFIER_H
#define WXS_CLASSIFY_CLASSIFIER_H

#include "../../../core/journal.h"
#include "config.h"
#include "country.h"
#include "verdict.h"

/* Tells people from machines: docs/classification.md. For one thread. */

typedef struct wxs_classifier wxs_classifier;

/* An event that has got its id. */
typedef struct {
    int64_t id; /* ascending */
    const wxs_event *event;
    const char *link; /* the destination, of clicks; NULL: not known */
    size_t link_len;
    const uint8_t *kept; /* the address as it is stored */
    size_t kept_len;     /* 16; 8 (hash); 0: none */
} wxs_classify_facts;

typedef struct {
    wxs_judgement judgement;
    wxs_device device;
    const char *client; /* mail client; NULL: not told. The classifier's */
    char country[WXS_COUNTRY_TEXT]; /* "": not known */
} wxs_classification;

/* An earlier event whose judgement changed. */
typedef struct {
    int64_t id;
    wxs_judgement judgement;
} wxs_reclassified;

#define WXS_RECLASSIFIED_MAX  32
#define WXS_CLASSIFIER_EVENTS 262144 /* that it remembers at most */

/* Loads the lists. A list of networks of the operator, or a database of
 * countries, that cannot be used is logged. NULL with a sentence if there is no
 * memory. To be freed with wxs_classifier_close(). */
wxs_classifier *wxs_classifier_open(const wxs_config *config, wxs_error *error);

/* Classifies an event; those before it that are seen in another light now go to
 * changes, whose number is returned. They may be final already. */
size_t wxs_classify(wxs_classifier *classifier, const wxs_classify_facts *facts,
                    wxs_classification *result,
                    wxs_reclassified changes[WXS_RECLASSIFIED_MAX]);

/* Takes note of an event that was classified before, by its row: the events of
 * the last minute make the memory of a classifier that has just been opened.
 * Of the event time, type, mode, message, link index and agent are looked at.
 */
void wxs_classifier_recall(wxs_classifier *classifier,
                           const wxs_classify_facts *facts,
                           wxs_judgement judgement);

/* Forgets all events, for those whose rows were rolled back. */
void wxs_classifier_forget(wxs_classifier *classifier);

/* Opens the database of countries again if it was replaced; to be called now
 * and then. */
void wxs_classifier_refresh(wxs_classifier *classifier);

void wxs_classifier_close(wxs_classifier *classifier);

#endif
