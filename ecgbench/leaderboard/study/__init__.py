"""The study's protocol beside ours: orders by both, what each correction changed, and the page that says so."""
