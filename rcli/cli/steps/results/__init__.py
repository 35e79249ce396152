"""What becomes of outputs: shown, saved, fetched later."""
