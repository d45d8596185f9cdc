"""How many matches and prompts a question needs, before any is judged."""
