"""`ofrecord demo`: the whole sync on the local sandbox, in a folder of its own that is removed afterwards."""
