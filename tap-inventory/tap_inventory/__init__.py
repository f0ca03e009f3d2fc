"""Singer tap for Zoho Inventory."""
