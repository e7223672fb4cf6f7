"""``python -m cor_provider``: the commands, without Airflow's command line."""

from __future__ import annotations

import sys

from cor_provider.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
