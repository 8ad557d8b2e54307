"""Who uses the desk: sessions, and the tables they are kept in."""
