"""The search by reference: its page, and where what a reference names is shown."""
