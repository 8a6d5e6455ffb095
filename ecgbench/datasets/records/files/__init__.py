"""Files as databases publish them: WFDB headers and signals, read and checked, and what tells whether files are whole."""
