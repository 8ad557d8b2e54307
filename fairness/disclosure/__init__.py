"""What may be published of an audit: counts that give no small count away, by any sums."""
