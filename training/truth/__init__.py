"""What only a synthetic force can tell: its truth beside what a RUN found."""
