"""Questions of identity: whom a record is about, or whether two cases are about the same two people."""
