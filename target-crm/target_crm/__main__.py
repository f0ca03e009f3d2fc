"""`python -m target_crm`."""

from target_crm.target import main

main()
