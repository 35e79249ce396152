"""What there is to run: versions, their schemas, and pins."""
