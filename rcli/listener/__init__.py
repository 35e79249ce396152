"""Webhooks on this machine: events come in from a source, are kept in a journal, and go on to endpoints.

Async inside; ``running.Running`` is what the rest of rcli sees: a thread of its own and records to take.
"""
