"""Who is believed: keys by verb, the key list outside the served folders, signatures, and signed chains of records."""
