"""`python -m iccmsim.cli`: the command line without the installed script."""

from __future__ import annotations

import sys

from iccmsim.cli import main

sys.exit(main())
