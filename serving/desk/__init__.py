"""The desk and the API: pages and answers for the people who sign in."""
