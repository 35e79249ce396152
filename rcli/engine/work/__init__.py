"""What the engine does: predictions from their creation to their end, in queues, on replicas."""
