"""Zoho CRM v8: metadata, records, line items, duplicates, deleted records, attachments, COQL."""

from ofrecord_sandbox.crm.metadata import add_field, add_module, setup_fields
from ofrecord_sandbox.crm.organisation import install, set_currency
from ofrecord_sandbox.crm.routes import register

__all__ = ["add_field", "add_module", "install", "register", "set_currency", "setup_fields"]
