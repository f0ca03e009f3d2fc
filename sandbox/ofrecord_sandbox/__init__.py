"""A local stand-in for Zoho CRM, Inventory and Books: loopback only, resettable."""
