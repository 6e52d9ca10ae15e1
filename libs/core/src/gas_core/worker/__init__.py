"""The worker runtime: takes one message at a time, keeps it while a handler works, settles it.

- ``loop`` receives, calls the handler and settles the message as ``policy`` says.
- ``hold`` keeps message and lease alive while the handler works.
- ``drain`` knows whether the process was asked to stop, and when the time for that is over.
- ``pulse`` and ``health`` tell Kubernetes whether the process is alive and ready.
- ``run`` puts them together; a service calls nothing else.
"""

from gas_core.worker.run import Handler, Handlers, run_worker

__all__ = ["Handler", "Handlers", "run_worker"]
