"""Large and hard fields."""
