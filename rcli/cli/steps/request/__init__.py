"""What stands before a request: the model and its inputs, from the words of the user."""
