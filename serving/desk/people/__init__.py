"""The persons of a relationship: their pages, names, ages, safe contact, and who else is at risk around them."""
