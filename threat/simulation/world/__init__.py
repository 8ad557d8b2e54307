"""What happens in the synthetic force, whether or not anybody records it."""
