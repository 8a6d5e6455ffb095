"""`python -m ecgbench` is `ecgbench`."""

import sys

from ecgbench.cli import main

if __name__ == "__main__":
    sys.exit(main())
