"""A Celery worker with an in-memory broker, a task for it, and what it reports; Celery takes over the log."""

import json

from celery import Celery
from celery.contrib.testing.worker import start_worker
from celery.signals import task_failure

from flask_faultmap import FaultMap, Rule, fault_translated
from flask_faultmap.errors import UnavailableError

app = Celery("shop", broker="memory://", backend="cache+memory://")
faults = FaultMap(rules=[Rule(on=ConnectionError, to=UnavailableError)])


@app.task(name="connect")
def connect(box):
    raise ConnectionError(f"10.0.0.3 refuses {box}")


@task_failure.connect
def report(sender, task_id, exception, **extra):
    faults.report(exception, task=sender.name, task_id=task_id)


def tell(sender, fault, error, **extra):
    print(json.dumps([fault.code, dict(error.context), extra["handled"]]), flush=True)


if __name__ == "__main__":
    fault_translated.connect(tell)
    with start_worker(app, perform_ping_check=False, pool="solo", loglevel="CRITICAL"):
        connect.apply_async(["b1"], task_id="task-1").get(propagate=False)
