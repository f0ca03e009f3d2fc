"""dlt reads inventory's list of items into files of JSON lines: `dlt_items.py URL FOLDER`, run by the Python of its own environment.

As its documentation writes a `rest_api` source: pages by number, merged by nothing, written by the `filesystem` destination, with
the normalisation that dlt does. Nothing of it is turned off but compression and telemetry.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

URL, FOLDER = sys.argv[1], Path(sys.argv[2])
os.environ |= {
    "RUNTIME__DLTHUB_TELEMETRY": "false",
    "DATA_WRITER__DISABLE_COMPRESSION": "true",
    "NORMALIZE__DATA_WRITER__DISABLE_COMPRESSION": "true",
    "DLT_DATA_DIR": str(FOLDER / "home"),
}

import dlt  # noqa: E402 - reads its settings when it is imported
from dlt.destinations import filesystem  # noqa: E402
from dlt.sources.rest_api import rest_api_source  # noqa: E402

source = rest_api_source(
    {
        "client": {
            "base_url": f"{URL}/inventory/v1/",
            "auth": {
                "type": "api_key",
                "name": "Authorization",
                "api_key": "Zoho-oauthtoken canned",
                "location": "header",
            },
        },
        "resources": [
            {
                "name": "items",
                "primary_key": "item_id",
                "endpoint": {
                    "path": "items",
                    "params": {"per_page": 200, "organization_id": "1", "sort_column": "last_modified_time"},
                    "data_selector": "items",
                    "paginator": {
                        "type": "page_number",
                        "base_page": 1,
                        "total_path": None,
                        "has_more_path": "page_context.has_more_page",
                    },
                },
            }
        ],
    }
)
pipeline = dlt.pipeline(
    "items", destination=filesystem(str(FOLDER / "out")), dataset_name="bench", pipelines_dir=str(FOLDER / "pipelines")
)
pipeline.run(source, loader_file_format="jsonl")
told = pipeline.last_trace.last_normalize_info.row_counts["items"]
print(f"{told} items", file=sys.stderr)
