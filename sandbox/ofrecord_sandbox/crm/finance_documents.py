"""The custom module the shipped rules use: documents of the finance side, one record each (docs/architecture.md)."""

from __future__ import annotations

from typing import Any

NAME = "Finance_Documents"
LABEL = "Finance document"
_KINDS = ["Sales order", "Invoice", "Credit note", "Return", "Refund", "Bill", "Purchase order", "Receive"]
FIELDS: list[dict[str, Any]] = [
    {"api_name": "Inventory_ID", "data_type": "text", "external": "org"},
    {"api_name": "Kind", "data_type": "picklist", "values": _KINDS, "restricted": True},
    {"api_name": "Account", "data_type": "lookup", "lookup": "Accounts"},
    {"api_name": "Vendor", "data_type": "lookup", "lookup": "Vendors"},
    {"api_name": "Deal", "data_type": "lookup", "lookup": "Deals"},
    {"api_name": "Invoice", "data_type": "lookup", "lookup": NAME},
    {"api_name": "Document_Date", "data_type": "date"},
    {"api_name": "Due_Date", "data_type": "date"},
    {"api_name": "Amount", "data_type": "currency"},
    {"api_name": "Balance", "data_type": "currency"},
    {"api_name": "Currency_Code", "data_type": "text"},
    {"api_name": "Status", "data_type": "text"},
    {"api_name": "Invoiced_Status", "data_type": "text"},
    {"api_name": "Shipped_Status", "data_type": "text"},
    {"api_name": "Paid_Status", "data_type": "text"},
    {"api_name": "Backordered", "data_type": "boolean"},
    {"api_name": "Shipment_Status", "data_type": "text"},
    {"api_name": "Carrier", "data_type": "text"},
    {"api_name": "Tracking_Number", "data_type": "text"},
    {"api_name": "Shipment_Date", "data_type": "date"},
    {"api_name": "Link", "data_type": "website"},
]
