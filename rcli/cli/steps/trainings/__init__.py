"""What is done with trainings: made, followed, tried."""
