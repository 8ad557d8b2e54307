"""People, their roles, their sessions, and the two ways in: an identity provider, or the development sign-in."""
