"""What is particular to one database of whole records."""
