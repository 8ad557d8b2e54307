"""Serving: from the history to ranked referrals with reasons, on pages and an API that log every read."""
