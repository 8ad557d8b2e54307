"""What a RUN says of its rankings."""
