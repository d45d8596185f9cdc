"""Agreement of judges with each other, with people and with themselves, and of their boards."""
