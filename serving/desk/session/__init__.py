"""Sign-in, sign-out and the guided tour."""
