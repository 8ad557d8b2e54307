"""What is released and on what evidence: RUNs, their documents, signed bundles, promotions."""
