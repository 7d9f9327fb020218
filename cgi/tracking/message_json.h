#ifndef WXS_TRACKING_MESSAGE_JSON_H
#define WXS_TRACKING_MESSAGE_JSON_H

#include "json_writer.h"
#include "message.h"

/* Writes what POST /messages answers. */
void wxs_message_json(wxs_json_writer *json, const wxs_message *message);

#endif
