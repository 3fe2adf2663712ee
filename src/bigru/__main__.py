"""`python -m bigru` is the command `bigru`."""

from .cli import main

if __name__ == "__main__":
    main()
