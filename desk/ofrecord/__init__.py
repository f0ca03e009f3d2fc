"""The command line of the person who runs the sync."""
