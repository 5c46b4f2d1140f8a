"""`python -m edgekit`: the command line without an installed script."""

import sys

from edgekit.cli import main

sys.exit(main())
