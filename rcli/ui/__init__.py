"""Rendering: one screen, views, live displays, prompts. Renders records and knows no service."""
