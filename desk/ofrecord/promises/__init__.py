"""What open quotes are told of stock: inventory asked now, divided among all who want the same, written by line."""
