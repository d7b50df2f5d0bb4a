"""In and out of other tools: annotation tools and spreadsheets, a module a form."""
