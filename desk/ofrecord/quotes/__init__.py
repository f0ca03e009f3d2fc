"""Open documents of the CRM with their lines: read in few calls, their fields and those of their lines written by id.

`Reading(client, Shape("Quotes", "Quote_Number", "Quoted_Items", head, columns)).where(among("Quote_Stage", ["Draft"]))` reads them,
`write(destination(client, project), shape, [Edit(document, values, {line id: values})])` writes what differs, and nothing over an edit.
"""

from ofrecord.quotes.reading import Reading, among
from ofrecord.quotes.shape import Document, Shape
from ofrecord.quotes.writing import Edit, destination, write
from ofrecord_kit.tap.crm_coql import both

__all__ = ["Document", "Edit", "Reading", "Shape", "among", "both", "destination", "write"]
