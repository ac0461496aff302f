"""Runs the commands that a release is made by; what fails is told in one line."""

import subprocess
from pathlib import Path


class ReleaseError(Exception):
    """Why there is no release: one line."""


def run(command: list, why: str, **options) -> None:
    try:
        subprocess.run(command, check=True, **options)
    except OSError as error:
        raise ReleaseError(f"{why}: `{command[0]}`: {error.strerror}") from None
    except subprocess.CalledProcessError as error:
        raise ReleaseError(f"{why}: `{Path(command[0]).name}` ended with status {error.returncode}") from None


def output_of(command: list, why: str, **options) -> str:
    """What it prints; of a failure the first line that says error, or else the first line."""
    try:
        ended = subprocess.run(command, capture_output=True, text=True, **options)
    except OSError as error:
        raise ReleaseError(f"{why}: `{command[0]}`: {error.strerror}") from None
    if ended.returncode != 0:
        lines = ended.stderr.splitlines()
        said = [line for line in lines if "error" in line] or lines or [f"status {ended.returncode}"]
        raise ReleaseError(f"{why}: `{Path(command[0]).name}`: {said[0]}")
    return ended.stdout
