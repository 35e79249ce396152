"""What is done with predictions: made, followed, waited for, canceled, repeated."""
