"""Windows of records: cut and labelled, the waves marked in them, and how they are stored."""
