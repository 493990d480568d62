"""`python -m recall` is the command `recall`."""

from recall.cli.main import main

if __name__ == "__main__":
    raise SystemExit(main())
