"""`maitred`, also `python -m bot`."""

import gc

# A hundred thousand objects are imported and stay. Looking for garbage among them took a seventh of the start.
gc.set_threshold(200_000)

from bot.cli.main import main  # noqa: E402 - see above

if __name__ == "__main__":
    main()
