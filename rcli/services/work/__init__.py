"""Predictions and trainings, from their creation to what they cost."""
