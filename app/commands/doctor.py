"""Check this machine and this installation; every finding that is not ok says what to do."""

import argparse
from collections.abc import Callable, Iterable

from app.commands.checks import AGAIN, ALL_CHECKS, Finding
from core.progress import Writer

SIGNS = {"ok": "OK  ", "warn": "WARN", "fail": "FAIL"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    del parser  # only what every command has


def run(arguments: argparse.Namespace, out: Writer) -> int:
    """Print all findings; exit code 1 if any of them keeps the program from working."""
    del arguments
    findings: list[Finding] = []
    for check in ALL_CHECKS:
        for finding in _findings_of(check):
            findings.append(finding)
            for line in _lines(finding):
                out.line(line)
    usable = all(finding.state != "fail" for finding in findings)
    out.line("Ready to use." if usable else "Not usable yet: see the lines marked FAIL.")
    out.result({"usable": usable, "findings": [vars(finding) for finding in findings]})
    return 0 if usable else 1


def _findings_of(check: Callable[[], Iterable[Finding]]) -> list[Finding]:
    """A check's findings; that one of our own parts cannot even be loaded is a finding too."""
    try:
        return list(check())
    except (ImportError, OSError) as error:
        name = check.__name__.removeprefix("check_")
        return [Finding(name, "fail", f"could not be checked ({error})", AGAIN)]


def _lines(finding: Finding) -> list[str]:
    lines = [f"{SIGNS[finding.state]}  {finding.name}: {finding.text}"]
    return lines + ([f"      {finding.hint}"] if finding.hint else [])
