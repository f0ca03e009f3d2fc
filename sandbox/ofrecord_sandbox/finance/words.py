"""What a success says, in the words of the OpenAPI files; the two doors say some things differently."""

from __future__ import annotations

from ofrecord_sandbox.finance.declare import BOOKS, Resource

_SAID: dict[tuple[str, str], str | tuple[str, str]] = {
    ("items", "created"): "The item has been added.",
    ("items", "updated"): ("Item details have been updated", "Item details have been saved."),
    ("items", "active"): ("The item has been marked as Active.", "The item has been marked as active."),
    ("items", "inactive"): ("The item has been marked as Inactive.", "The item has been marked as inactive."),
    ("compositeitems", "created"): "The item has been added.",
    ("compositeitems", "updated"): "Item details have been saved.",
    ("compositeitems", "deleted"): "The item has been deleted.",
    ("compositeitems", "active"): "Re-activation complete! The item is back in business!",
    ("compositeitems", "inactive"): "The item has been marked as inactive.",
    ("contacts", "created"): "The contact has been created",
    ("contacts", "updated"): "Contact has been updated successfully",
    ("salesorders", "created"): ("success", "Sales Order Created Successfully."),
    ("salesorders", "updated"): ("Sales Order has been updated.", "Sales Order Updated Successfully."),
    ("salesorders", "deleted"): ("The Sales Order has been deleted.", "Sales Order Deleted Successfully."),
    ("salesorders", "confirmed"): (
        "Sales order status has been changed to 'Confirmed'.",
        "Sales order status has been changed to Open.",
    ),
    ("salesorders", "void"): (
        "The status of the Sales Order has been changed to void.",
        "Sales order status has been changed to Void.",
    ),
    ("purchaseorders", "created"): ("success", "Purchase order has been created."),
    ("purchaseorders", "updated"): ("success", "Purchase order has been updated."),
    ("purchaseorders", "deleted"): "The Purchase Order has been deleted.",
    ("purchasereceives", "created"): "success",
    ("purchasereceives", "updated"): "success",
    ("purchasereceives", "deleted"): "The Purchase Receive has been deleted.",
    ("bills", "created"): "success",
    ("bills", "updated"): "Bill information has been updated.",
    ("bills", "deleted"): "The bill has been deleted.",
    ("bills", "open"): "The status of the bill has been chaged to open.",
    ("vendorpayments", "created"): "The payment made to the vendor has been recorded.",
    ("vendorpayments", "updated"): "The details of the payment made to the vendor has been updated",
    ("transferorders", "created"): "Transfer Order added successfully.",
    ("transferorders", "updated"): "success",
    ("transferorders", "deleted"): "Transfer Order(s) has been deleted.",
    ("itemgroups", "created"): "The Item Group has been created.",
    ("itemgroups", "updated"): "The Item Group details have been updated.",
    ("itemgroups", "deleted"): "Whooooosh! The item group and all its items have been deleted.",
    ("units", "created"): "Unit has been added.",
    ("units", "updated"): "Unit has been updated.",
    ("estimates", "created"): "The estimate has been created",
    ("estimates", "updated"): "Estimate information has been updated.",
    ("estimates", "sent"): "Estimate status has been changed to Sent",
    ("estimates", "accepted"): "Estimate status has been changed to Accepted.",
    ("estimates", "declined"): "Estimate status has been changed to Declined.",
    ("recurringinvoices", "updated"): "success",
    ("recurringinvoices", "deleted"): "The recurring invoice is deleted successfully.",
    ("journals", "created"): "The journal entry has been created.",
    ("journals", "updated"): "The journal entry has been updated.",
    ("journals", "deleted"): "The selected journal entry has been deleted.",
    ("journals", "published"): "Journal has been published.",
    ("chartofaccounts", "updated"): "The details of the account have been updated.",
    ("invoices", "updated"): "Invoice information has been updated.",
    ("invoices", "sent"): "Invoice status has been changed to Sent.",
    ("invoices", "void"): "Invoice status has been changed to Void.",
    ("invoices", "draft"): "Status of invoice changed from void to draft",
    ("creditnotes", "open"): "Status of the credit note has been changed to open.",
    ("creditnotes", "void"): "The credit note has been marked as void.",
    ("creditnotes", "draft"): "The credit note has been marked as Draft.",
    ("customerpayments", "updated"): "The payment details have been updated.",
    ("packages", "created"): "Package created successfully. It's now time to ship!",
    ("packages", "updated"): "Package Updated Successfully.",
    ("packages", "deleted"): "Whooooosh! Package Deleted Successfully.",
    ("shipmentorders", "created"): "Shipment created successfully.",
    ("shipmentorders", "updated"): "Shipment Order updated successfully.",
    ("shipmentorders", "deleted"): "The Shipment Order has been deleted.",
    ("salesreturns", "created"): "Return created successfully",
    ("salesreturns", "updated"): "Return updated successfully",
    ("salesreturns", "deleted"): "The Sales Return has been deleted.",
    ("inventoryadjustments", "created"): "Inventory Adjustment has been added",
    ("inventoryadjustments", "updated"): "success",
    ("inventoryadjustments", "deleted"): "Inventory Adjustment(s) has been deleted",
    ("pricebooks", "created"): "Price list has been created.",
    ("pricebooks", "updated"): "Price list has been updated.",
    ("pricebooks", "deleted"): "Price list has been deleted.",
    ("pricebooks", "active"): "The price list has been marked active.",
    ("pricebooks", "inactive"): "The price list has been marked inactive.",
}


def said(resource: Resource, event: str, door: str) -> str:
    """The message of a success: `created`, `updated`, `deleted` or the status it has now."""
    found = _SAID.get((resource.collection, event))
    if isinstance(found, tuple):
        return found[door == BOOKS]
    if found is not None:
        return found
    what = event if event in {"created", "updated", "deleted"} else f"marked as {event}"
    return f"The {resource.words.lower()} has been {what}."
