"""What a prediction gave: its files, their names, and where they came from."""
