"""Runs the command line as `python -m humorrank`."""

from humorrank._start import main

if __name__ == "__main__":
    main()
