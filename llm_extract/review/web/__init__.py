"""The web app of review: pages over the desk; nothing of a report is ever markup here."""
