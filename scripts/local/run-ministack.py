"""Runs ministack for scripts/local/ministack.ts, with one thing added and one taken care of.

ministack hands a schedule's Input on as it stands; EventBridge Scheduler replaces its context attributes first
(https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-context-attributes.html).

It ends when its standard input does: whoever started it may be killed without a chance to stop it, and to remove the
folder that is named by the only argument.
"""

import os
import shutil
import signal
import sys
import threading
from datetime import datetime, timezone

from ministack import app
from ministack.services import eventbridge

folder = sys.argv[1]
invoke_target = eventbridge._invoke_target


def invoke_with_attributes(target, event, rule, *rest):
    if event.get("Source") == "aws.scheduler" and target.get("Input"):
        scheduled = datetime.fromtimestamp(event["Time"], tz=timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        target = {**target, "Input": target["Input"].replace("<aws.scheduler.scheduled-time>", scheduled)}
    return invoke_target(target, event, rule, *rest)


def end_with_parent():
    while os.read(0, 4096):
        pass
    shutil.rmtree(folder, ignore_errors=True)
    # The workers that run Lambda functions belong to the same process group.
    os.killpg(os.getpgrp(), signal.SIGKILL)


eventbridge._invoke_target = invoke_with_attributes
threading.Thread(target=end_with_parent, daemon=True).start()
sys.argv = ["ministack"]
app.main()
