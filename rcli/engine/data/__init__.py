"""The engine's database and file store: rows and contents, durable before anyone is told."""
