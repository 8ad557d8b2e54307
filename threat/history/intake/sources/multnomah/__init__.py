"""The export `multnomah`: its profile and the shape of its files."""
