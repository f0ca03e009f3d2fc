"""Rules and the Singer mapper of ofrecord: who owns each field, and how its value converts."""
