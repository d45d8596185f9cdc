"""What moves a judge beside the jokes: position, length, and liking for its own model."""
