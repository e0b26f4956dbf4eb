"""The table of promises: what an answer costs, against what, and the ratio that must not be passed."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """One promise; *mine* and *theirs* are names of contenders, empty where no request is measured."""

    number: str
    what: str
    against: str
    at_most: float
    mine: str = ""
    theirs: str = ""


ROWS = (
    Row("1", "a domain error", "by hand", 0.80, "ours", "by hand"),
    Row("2", "a domain error", "recipe, two members", 0.96, "ours", "recipe"),
    Row("3", "a routing 404", "the floor", 1.08, "ours, routing 404", "floor, routing 404"),
    Row("4", "a routing 404", "recipe", 0.75, "ours, routing 404", "recipe, routing 404"),
    Row("5", "an unhandled error", "recipe", 0.80, "ours, unhandled", "recipe, unhandled"),
    Row("6", "a 422 with three violations", "by hand", 0.97, "ours, violations", "by hand, violations"),
    Row("7", "a domain error with details", "recipe", 1.04, "ours, details", "recipe, details"),
    Row("7b", "a domain error with details", "by hand", 0.85, "ours, details", "by hand, details"),
    Row("8", "a 429 with a retry hint", "by hand", 0.84, "ours, retry", "by hand, retry"),
    Row("9", "an app's own profile", "by hand", 0.85, "ours, own profile", "by hand, own profile"),
    Row("10", "a logged 503", "by hand, logging the same", 1.00, "ours, logged", "by hand, logged"),
    Row("11", "a request that succeeds", "plain Flask", 1.01, "ours, success", "plain, success"),
    Row("12", "10,000 rules on as many classes", "10 rules", 1.02, "10,000 rules", "10 rules"),
    Row("13", "30 text rules on the class raised", "one plain rule", 1.13, "30 text rules", "one plain rule"),
    Row("14", "bytes kept for each of 20,000 classes made at run time", "none", 8.0),
    Row("15", "a kept fault with the audit trail", "the same without", 1.40, "ours, trail", "ours, logged"),
    Row("15b", "an exposed text of 100 characters", "a fixed message", 1.50, "exposed text", "fixed text"),
    Row("16", "a domain error with metrics", "the same without", 1.10, "ours, metrics", "ours"),
    Row("16b", "a domain error with tracing", "the same without", 1.20, "ours, tracing", "ours, traced"),
    Row("17", "ms to import the package after flask and marshmallow", "none", 60.0),
    Row("18", "µs more for each item of a stream", "by hand", 1.0, "ours, stream", "by hand, stream"),
)
MEMORY, IMPORT, STREAM = "14", "17", "18"
