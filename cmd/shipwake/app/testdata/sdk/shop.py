"""A shop of which a share FAIL of the requests fails."""

import os
import random

from flask import Flask

app = Flask(__name__)
fail = float(os.environ.get("FAIL", "0"))


@app.get("/pay/<item>")
def pay(item):
    if random.random() < fail:
        return "out of order", 500
    return "paid " + item


app.run(port=int(os.environ["PORT"]), threaded=True)
