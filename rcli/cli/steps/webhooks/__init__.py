"""What the commands of ``rcli webhook`` do."""
