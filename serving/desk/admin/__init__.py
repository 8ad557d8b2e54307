"""Who may sign in, and with which roles: for administrators, and for governance to read. No case data."""
