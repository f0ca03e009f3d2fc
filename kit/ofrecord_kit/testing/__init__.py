"""What tests of plugins share: a sandbox of one's own, and the contracts all plugins keep."""
