"""Manual review: the queue, the case, the log of decisions, gold, and the web app for all of it."""
