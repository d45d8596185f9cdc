"""Planning: the number of matches and prompts that a required precision takes."""
