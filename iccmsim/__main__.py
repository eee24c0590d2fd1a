"""`python -m iccmsim` is the command `iccmsim`."""

from __future__ import annotations

import sys

from iccmsim.cli import main

if __name__ == "__main__":
    sys.exit(main())
