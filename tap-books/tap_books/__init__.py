"""Singer tap for Zoho Books."""
