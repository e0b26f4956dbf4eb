"""The room of the executor, as the example app's tests reach into it."""


def executor_of(app):
    return app.extensions["example_app"]["runs"].executor
