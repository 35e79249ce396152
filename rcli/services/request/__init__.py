"""What a model is asked with: from words and files to the JSON that it takes."""
