"""The full-screen interview. `app.opening_app` is the way in of the command line, `app.make_app` that of tests."""
