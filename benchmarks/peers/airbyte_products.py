"""The Airbyte source for Zoho CRM reads Products: `airbyte_products.py URL FOLDER`, run by the Python of its own environment.

The source is the released package, as it is: the addresses of the vendor's data centres, which it keeps in two tables, are pointed
elsewhere, and nothing else is touched. Its messages go to standard output.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from airbyte_cdk.entrypoint import launch
from source_zoho_crm.api import ZohoAPI
from source_zoho_crm.source import SourceZohoCrm

URL, FOLDER = sys.argv[1], Path(sys.argv[2])
ZohoAPI._DC_REGION_TO_ACCESS_URL = {"US": URL}  # noqa: SLF001 - there is no setting for it
ZohoAPI._DC_REGION_TO_API_URL = {"US": URL}  # noqa: SLF001 - there is no setting for it

LOGIN = {"client_id": "canned", "client_secret": "canned", "refresh_token": "canned"}
CONFIG = {**LOGIN, "dc_region": "US", "environment": "Production", "start_datetime": "2000-01-01T00:00:00+00:00"}
STREAM = {
    "name": "incremental_products_zoho_crm_stream",
    "json_schema": {"type": "object", "properties": {}},
    "supported_sync_modes": ["full_refresh", "incremental"],
}
CHOSEN = {
    "stream": STREAM,
    "sync_mode": "incremental",
    "destination_sync_mode": "append",
    "cursor_field": ["Modified_Time"],
}

config, catalog = FOLDER / "config.json", FOLDER / "catalog.json"
config.write_text(json.dumps(CONFIG))
catalog.write_text(json.dumps({"streams": [CHOSEN]}))
launch(SourceZohoCrm(), ["read", "--config", str(config), "--catalog", str(catalog)])
