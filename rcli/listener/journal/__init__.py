"""What was received and what became of it, in an SQLite file of the user's own: the queue on disk.

A listener has a name; whoever listens again under that name goes on where the last one ended. One process
listens under one name at a time. Events are committed before anyone is told that they were taken: a kill of
the process loses none (power loss may).
"""

from rcli.listener.journal.entries import Entry, Fate, Turn
from rcli.listener.journal.journal import Journal
from rcli.listener.journal.reading import recorded

__all__ = ["Entry", "Fate", "Journal", "Turn", "recorded"]
