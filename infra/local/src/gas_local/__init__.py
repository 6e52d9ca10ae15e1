"""GAS on one machine: emulators of AWS and Globus, the services, and a walk through the front door.

Nothing here is part of what runs in a cluster, and no service knows of it: only endpoints differ.
"""
