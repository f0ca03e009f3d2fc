"""How ofrecord reads, decides, writes and remembers: shared by its taps and targets."""
