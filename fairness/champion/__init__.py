"""Champion against challenger by group: whose recall rises or falls, and who moves on and off the lists."""
