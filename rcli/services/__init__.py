"""What rcli does: every function returns records or yields events, none of them prints."""
