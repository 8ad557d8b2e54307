"""What the unit does about a relationship: cases, and what people write about them."""
