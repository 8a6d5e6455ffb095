"""What the tests of racing scripts read of a report."""


def table(text):
    """Cells of a report's table, by the first of each row."""
    lines = [line.strip("|").split("|") for line in text.splitlines() if line.startswith("|")]
    return {first.strip(): [cell.strip() for cell in cells] for first, *cells in lines[2:]}
