"""Lets `python -m hcr_batch` do what `hcr-batch` does."""

from hcr_batch.cli import main

if __name__ == "__main__":
    main()
