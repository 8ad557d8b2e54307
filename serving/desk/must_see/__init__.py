"""Must-see records that nobody has seen yet: the page on which a person says what they found."""
