"""A child without Keras that misbehaves on request; it answers to the parent's protocol."""

from __future__ import annotations

import os
import sys
import time

import numpy as np

from smalti.classifier.keras import worker
from smalti.classifier.keras.messages import read_message, write_message


def main(memory: int, parent: int, folder: str) -> None:
    requests, answers = worker._pipes()
    with worker.leaving_nothing(parent, folder):
        worker._limit_memory(memory)
        serve(memory, requests, answers)


def serve(memory, requests, answers) -> None:
    while (message := read_message(requests)) is not None:
        content, arrays = message
        wish = content["function"]
        if wish == "hang":
            time.sleep(60)
        elif wish == "crash":
            os.abort()
        elif wish == "leave":
            sys.exit("no more today")
        elif wish == "eat":
            np.ones(memory, np.uint8)
        elif wish == "babble":
            answers.write(b"what?\n")
            answers.flush()
        else:
            print("to be ignored")
            doubled = [2 * array for array in arrays]
            write_message(answers, {"result": {"home": os.environ["KERAS_HOME"]}}, doubled)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
