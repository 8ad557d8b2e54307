"""What only a synthetic force can tell: its truth next to what a RUN found."""
