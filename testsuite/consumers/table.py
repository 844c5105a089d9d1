# SPDX-License-Identifier: MIT
"""The comparison table: a row for each program, tests passed under each policy, ours beside the system's."""
import textwrap


def table(reports: list, policies: list[str], full: bool) -> list[str]:
    """In Markdown, as it stands in the README; the reasons why a policy stops a program are below it."""
    notes: list[str] = []

    def cell(report, whose: str, policy: str) -> str:
        text = report.cells.get((whose, policy), "-")
        for reason, stopped in report.reasons.items():
            if policy in stopped:
                if reason not in notes:
                    notes.append(reason)
                text += f" ({notes.index(reason) + 1})"
        return text

    whose = ("ours", "system") if full else ("ours",)
    columns = [(library, policy) for policy in policies for library in whose]
    titles = [policy if library == "ours" else "system's" for library, policy in columns]
    lines = ["", "| program | " + " | ".join(titles) + " |", "|---|" + "---|" * len(titles)]
    for report in reports:
        lines.append(f"| {report.name} | " + " | ".join(cell(report, *column) for column in columns) + " |")
    for number, reason in enumerate(notes, 1):
        lines += ["", *textwrap.wrap(f"({number}) {reason}", 110)]
    return [*lines, ""]
