"""Access to language models: endpoints, the vLLM engine, and requests in flight."""
