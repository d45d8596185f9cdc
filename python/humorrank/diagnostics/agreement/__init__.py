"""Do judges agree: with each other, with people, with themselves; and do their boards?"""
