"""Singer target for Zoho Inventory."""
