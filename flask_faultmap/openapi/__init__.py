"""How do an app's faults stand in OpenAPI 3.0 and 3.1? As the schemas say that render them; needs apispec.

Plain dicts, as apispec, flask-smorest and APIFlask take them::

    spec["components"]["schemas"] |= components(app)["schemas"]
    operation["responses"] |= responses(app, VMNotFoundError, 401, 429, path="/api/vms")

Where there is no app yet, ``@raises(VMNotFoundError)`` marks a view, and ``complete(app, document)`` adds
what the marks say to a document that another tool has made.
"""

from flask_faultmap.contract.raising import raises
from flask_faultmap.openapi.answers import responses
from flask_faultmap.openapi.completing import complete, complete_spec
from flask_faultmap.openapi.schemas import components

__all__ = ["complete", "complete_spec", "components", "raises", "responses"]
