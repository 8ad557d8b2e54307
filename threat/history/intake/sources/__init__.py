"""One folder for each kind of export that `threat load` can read."""
