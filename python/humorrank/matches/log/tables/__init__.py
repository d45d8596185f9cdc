"""Sources of rows as tables: files, streams, frames and Python objects."""
