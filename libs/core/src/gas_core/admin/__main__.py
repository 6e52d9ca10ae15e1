"""Starts ``gas-admin``."""

from __future__ import annotations

from gas_core.admin.cli import main

if __name__ == "__main__":
    main()
