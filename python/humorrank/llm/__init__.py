"""Language models: endpoints, the vLLM engine, and questions on their way to them."""
