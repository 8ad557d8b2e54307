"""What the API answers, and what the pages are filled from: small typed documents, one meaning each.

Times are ISO 8601 in UTC. References are ``R-`` (relationship), ``P-`` (person), ``E-`` (event) and 16 hexadecimal
digits. An empty string or list means there is none; nothing is null.
"""
