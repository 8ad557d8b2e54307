"""The JSON documents of a RUN, a bundle and a LIST: one typed, frozen, versioned model for each, a file a noun."""
