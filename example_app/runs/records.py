"""The agent's data source: one collection of records, with what may be wrong with a change of them."""

import threading
from typing import Any

from example_app.runs.business import (
    BadRequestError,
    ForbiddenError,
    NotFoundError,
    TooManyRequestsError,
    UnprocessableError,
    ValidationError,
)

Record = dict[str, Any]


class MissingCollectionError(ValidationError):
    """No collection has this name."""


class Records:
    """Customers by id, in memory.

    Args:
        changes: how many changes one user may make.
    """

    def __init__(self, changes: int = 3) -> None:
        self._customers: dict[int, Record] = {1: {"id": 1, "name": "Ada", "credit": 100}}
        self._left: dict[int, int] = {}
        self._changes = changes
        self._lock = threading.Lock()

    def get(self, collection: str, record_id: int) -> Record:
        """Give one record.

        Raises:
            MissingCollectionError: there is no such collection.
            NotFoundError: it has no such record.
        """
        if collection != "customers":
            raise MissingCollectionError(f"Collection '{collection}' not found")
        if record_id not in self._customers:
            raise NotFoundError("Record does not exist", {"collection": collection, "id": record_id})
        return dict(self._customers[record_id])

    def change(self, user_id: int, collection: str, record_id: int, changes: object) -> Record:
        """Change one record, and give it.

        Raises:
            BusinessError: it cannot be changed in this way; the class says why.
        """
        record = self.get(collection, record_id)
        if not isinstance(changes, dict) or not changes:
            raise BadRequestError("The body must be an object of changes")
        for name, value in changes.items():
            if name not in record or type(value) is not type(record[name]):
                raise ValidationError(f"The value of '{name}' cannot be set", {"field": name})
        if "id" in changes:
            raise ForbiddenError("The id of a record is not for you to change")
        if changes.get("credit", 0) < 0:
            raise UnprocessableError("The credit would fall below zero")
        with self._lock:
            self._count(user_id)
            self._customers[record_id].update(changes)
        return self.get(collection, record_id)

    def share(self, record_id: int, parts: int) -> float:
        """Share a customer's credit; nobody checks for zero, and the client must not see that."""
        return float(self.get("customers", record_id)["credit"]) / parts

    def _count(self, user_id: int) -> None:
        left = self._left.get(user_id, self._changes)
        if left == 0:
            raise TooManyRequestsError("Too many changes; wait a minute")
        self._left[user_id] = left - 1
