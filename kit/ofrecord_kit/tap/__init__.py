"""What a tap is made of. Modules are imported one by one, so that who needs facts alone loads nothing else."""
