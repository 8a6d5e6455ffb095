"""A user's own data as datasets: numbers, arrays, folders of records, windows."""
