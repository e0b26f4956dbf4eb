"""An app with a few ways to fail, run by real servers."""

from flask import Flask, request

from flask_faultmap import FaultMap
from flask_faultmap.errors import NotFoundError

app = Flask(__name__)
app.config["MAX_CONTENT_LENGTH"] = 1_000
FaultMap(app)


@app.get("/missing")
def missing():
    raise NotFoundError("gone")


@app.get("/crash")
def crash():
    raise RuntimeError("password=hunter2")


@app.post("/echo")
def echo():
    return {"size": len(request.get_data())}
