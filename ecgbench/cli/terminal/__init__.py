"""What a user sees of the command line: text, tables, JSON, colour, help."""
