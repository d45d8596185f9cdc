"""Tables of rows from files, streams, frames and Python objects."""
