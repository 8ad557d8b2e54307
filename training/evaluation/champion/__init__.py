"""Champion against challenger: whose lists overlap, who moves and why, and what the difference is worth."""
