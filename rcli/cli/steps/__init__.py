"""What commands are made of: each is one step between the words and the screen, shared by several."""
