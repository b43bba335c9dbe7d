"""The full-screen interview. `app.make_app` is the one way in, for the command line and the tests."""
