"""What should a client do about an error whose class does not say it? By category and retry."""

from flask_faultmap.categories import Category

ADVICE = {
    Category.UNCATEGORIZED: "Read the text of the answer. Change the request; the same one will fail again.",
    Category.INVALID_ARGUMENT: "Correct the request; the same one will always fail. The answer says what is "
    "wrong with it.",
    Category.FAILED_PRECONDITION: "Bring the system into the state that this needs, then send the request "
    "again.",
    Category.UNAUTHENTICATED: "Send valid credentials, as WWW-Authenticate asks for. If they were accepted "
    "before, they have expired: get new ones.",
    Category.PERMISSION_DENIED: "Do not send the request again. Ask somebody who may grant the permission.",
    Category.NOT_FOUND: "Check the identifier or the address. It may have been deleted, or never existed.",
    Category.ALREADY_EXISTS: "Use what exists, or choose another name.",
    Category.ABORTED: "Read the current state, and start the work again from there.",
    Category.GONE: "Forget the identifier: it will not come back.",
    Category.PAYLOAD_TOO_LARGE: "Send less: make the body smaller, or split the request.",
    Category.UNPROCESSABLE: "Correct the fields that the answer names, then send the request again.",
    Category.RESOURCE_EXHAUSTED: "Slow down, or free what the quota counts.",
    Category.INTERNAL: "It is not your fault, and another request may not help. Report it with "
    "the request id.",
    Category.UNIMPLEMENTED: "Do not send the request again: this is not supported here.",
    Category.BAD_GATEWAY: "A service behind this one failed. If it lasts, report it with the request id.",
    Category.UNAVAILABLE: "The service takes no work at the moment. If it lasts, report it with the "
    "request id.",
    Category.DEADLINE_EXCEEDED: "The work may still complete. Look whether it did before you repeat it, or "
    "repeat it with the same idempotency key.",
}
RETRY = (
    "You may send the same request again: after the seconds of the Retry-After header if there is one, else "
    "after a second, then twice as long each time, with a random part. Give up after five tries."
)
NO_RETRY = "Sending the same request again will not help."
