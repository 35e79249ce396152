"""Cog projects: written, published, and their environments used."""
