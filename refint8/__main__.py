"""`python -m refint8`."""

import sys

from refint8.cli import main

if __name__ == "__main__":
    sys.exit(main())
