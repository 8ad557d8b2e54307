"""From a source system's export to the seven tables: profiles, quarantine, the load."""
