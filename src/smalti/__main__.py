"""``python -m smalti`` is the command line, installed or not."""

from smalti.cli.main import main

main()
