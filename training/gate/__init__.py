"""The release gate: policy, rules, decision, and the release that follows a pass."""
