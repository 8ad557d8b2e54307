"""The export `standard_csv`: its profile and the shape of its files."""
