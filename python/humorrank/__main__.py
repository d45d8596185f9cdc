"""`python -m humorrank`: the command line."""

from humorrank_start import main

main()
