"""What is said of a relationship: its records, what is in force, markers, notices, reasons and the panel."""
