"""`python -m target_inventory`."""

from target_inventory.target import main

main()
