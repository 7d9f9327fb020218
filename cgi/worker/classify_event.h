#ifndef WXS_WORKER_CLASSIFY_EVENT_H
#define WXS_WORKER_CLASSIFY_EVENT_H

#include "event_store.h"

/* Classification on the way into the store. */

/* Stores an event with its label, and changes those of events before it that
 * are seen in another light now and are not final; inside the store's
 * transaction. */
bool wxs_classify_and_put(wxs_classifier *classifier, wxs_event_store *store,
                          const wxs_event *event, wxs_error *error);

/* Has the classifier know the stored events that are not final, and no others;
 * after the store was opened. */
bool wxs_classify_recall(wxs_classifier *classifier,
                         const wxs_event_store *store, wxs_error *error);

#endif
