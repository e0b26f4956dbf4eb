"""How does a page of the catalogue read as Markdown? For agents and editors, complete by itself."""

from collections.abc import Iterable, Iterator

from flask_faultmap.pages.descriptions import Answer, Description


def write_index(app: str, descriptions: Iterable[Description]) -> str:
    """Write the list of all codes; each link is relative to the catalogue."""
    lines = [
        f"# Errors of {app}",
        "",
        "Each error answer has one of these codes. A `.json` page has data.",
        "",
    ]
    told = [*descriptions]
    for heading, is_built_in in (("Errors of this service", False), ("General errors", True)):
        part = [each for each in told if each.is_built_in is is_built_in]
        if part:
            lines += [f"## {heading}", ""]
            lines += [f"- [{each.code}]({each.code}.md): {each.meaning}" for each in part]
            lines.append("")
    return "\n".join(lines)


def write_code(description: Description, answers: Iterable[Answer]) -> str:
    """Write one page."""
    told = [*answers]
    lines = [*_write_head(description)]
    for answer in told:
        lines += _write_answer(description.code, answer, is_only=len(told) == 1)
    lines += [f"The JSON Schema of each body is in [{description.code}.json]({description.code}.json).", ""]
    return "\n".join(lines)


def _write_head(told: Description) -> Iterator[str]:
    yield from (f"# {told.code}: {told.title}", "", told.meaning, "")
    for paragraph in told.occurs:
        yield from (paragraph, "")
    if told.deprecated:
        yield from (f"**Deprecated:** {told.deprecated}", "")
    yield from ("## What to do", "", told.action, "", told.retry, "", "## Facts", "")
    yield f"- code: `{told.code}`"
    yield f"- type: `{told.type}`"
    yield f"- category: `{told.category}`"
    yield f"- retryable: {'yes' if told.retryable else 'no'}"
    yield from (f"- status with the profile {name}: {status}" for name, status in told.statuses.items())
    if told.since:
        yield f"- since: {told.since}"
    yield ""


def _write_answer(code: str, answer: Answer, *, is_only: bool) -> Iterator[str]:
    where = ", ".join(f"`{prefix}`" for prefix in answer.below)
    yield from (f"## Answer with the profile {answer.profile} and status {answer.status}", "")
    yield f"- where: {f'below {where}' if where else 'everywhere' if is_only else 'everywhere else'}"
    yield f"- status: {answer.status}"
    yield f"- media type: `{answer.media_type}`"
    if answer.code_member is None:
        yield "- how to know it: by the status and the text; the body does not have the code"
    else:
        yield f"- how to know it: the member `{answer.code_member}` is `{code}`"
    if answer.id_header is not None:
        yield f"- request id, for a report: the header `{answer.id_header}`"
    yield ""
    yield from ("| member | type | always there | meaning |", "| --- | --- | --- | --- |")
    for member in answer.members:
        always = "yes" if member.is_always_there else "no"
        yield f"| `{member.path}` | {member.type} | {always} | {member.description} |"
    yield from ("", "Further members may come.", "", "```http", answer.status_line)
    yield from (f"{name}: {value}" for name, value in answer.headers)
    yield from ("", answer.body, "```", "")
