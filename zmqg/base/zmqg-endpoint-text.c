/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copyright 2026 The zmqg authors */

#include "config.h"

#include "base/zmqg-endpoint-text-private.h"

#include "base/zmqg-error.h"

#include <string.h>

gboolean
zmqg_endpoint_text_split (const char *uri,
                          char **scheme,
                          const char **rest,
                          GError **error)
{
  const char *separator = strstr (uri, "://");

  if (separator == NULL || separator == uri || separator[3] == '\0')
    {
      g_set_error (error, ZMQG_ERROR, ZMQG_ERROR_INVALID_ENDPOINT,
                   "Not an endpoint of the form scheme://address: “%s”", uri);
      return FALSE;
    }

  *scheme = g_strndup (uri, separator - uri);
  *rest = separator + 3;
  return TRUE;
}
