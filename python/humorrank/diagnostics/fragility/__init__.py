"""How few matches an order hangs on."""
