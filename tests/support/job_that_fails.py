"""A job for RQ, and what its worker reports."""

import json
import sys

from flask_faultmap import FaultMap, Rule, fault_translated
from flask_faultmap.errors import UnavailableError

faults = FaultMap(rules=[Rule(on=ConnectionError, to=UnavailableError)])


def connect(box):
    raise ConnectionError(f"10.0.0.3 refuses {box}")


def report(job, exc_type, exception, traceback):
    faults.report(exception, job=job.id)
    return True


def tell(sender, fault, error, **extra):
    print(json.dumps([fault.code, dict(error.context), extra["handled"]]), flush=True)


if __name__ == "__main__":
    from redis import Redis
    from rq import Queue, Worker

    fault_translated.connect(tell)
    connection = Redis(port=int(sys.argv[1]))
    queue = Queue("default", connection=connection)
    queue.enqueue("job_that_fails.connect", "b1", job_id="job-1")
    Worker([queue], connection=connection, exception_handlers=[report]).work(burst=True, with_scheduler=False)
