"""What a reader sees first: answers in a few words, one row a method, intervals drawn, facts of a dataset."""
