"""The supervisor with real processes: order, crashes, and what a killed one leaves."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from gas_local.emulators import aws_emulator
from gas_local.environment import base_environment
from gas_local.errors import LocalStackError
from gas_local.ports import HOST, free_port, require_free
from gas_local.provision import MAIL_SENDER, deploy, emulator_client
from gas_local.supervisor import ChildDiedError, Program, Supervisor

if TYPE_CHECKING:
    from pathlib import Path

# Tells when it was asked to stop, after the time its work needs.
OBEDIENT = """
import signal, sys, time
def leave(*_):
    time.sleep(float(sys.argv[2]))
    open(sys.argv[1], "a").write(sys.argv[3] + "\\n")
    sys.exit(0)
signal.signal(signal.SIGTERM, leave)
print("up", flush=True)
while True:
    time.sleep(1)
"""


def program(name: str, code: str, *arguments: str) -> Program:
    return Program(name, (sys.executable, "-c", code, *arguments), base_environment())


def wait_for(path: Path, text: str) -> None:
    end = time.monotonic() + 10
    while not (path.exists() and text in path.read_text()):
        assert time.monotonic() < end, f"no {text!r} in {path}"
        time.sleep(0.02)


def watch(supervisor: Supervisor) -> None:
    while True:
        supervisor.check()
        time.sleep(0.02)


def test_programs_are_stopped_in_the_opposite_order_each_with_time_to_finish(tmp_path: Path) -> None:
    told = tmp_path / "told"
    with Supervisor(tmp_path / "log") as supervisor:
        supervisor.start(program("store", OBEDIENT, str(told), "0", "store"))
        supervisor.start(program("worker", OBEDIENT, str(told), "0.5", "worker"))
        for name in ("store", "worker"):
            wait_for(tmp_path / "log" / f"{name}.log", "up")
    assert told.read_text().split() == ["worker", "store"]


def test_crash_is_told_with_the_last_lines(tmp_path: Path) -> None:
    code = "import sys; print('first'); sys.exit('the disk is full')"
    with Supervisor(tmp_path / "log") as supervisor:
        supervisor.start(program("worker", code))
        said = r"(?s)worker ended \(exit code 1\).*first.*the disk is full"
        with pytest.raises(ChildDiedError, match=said):
            watch(supervisor)


def test_program_that_is_never_ready_but_ends_is_told_at_once(tmp_path: Path) -> None:
    dead = Program(
        "web", (sys.executable, "-c", "raise SystemExit(3)"), base_environment(), f"http://{HOST}:9/"
    )
    with Supervisor(tmp_path / "log") as supervisor, pytest.raises(ChildDiedError, match="exit code 3"):
        supervisor.start(dead)


def test_restarted_program_is_another_process_whose_log_goes_on(tmp_path: Path) -> None:
    log = tmp_path / "log" / "worker.log"
    with Supervisor(tmp_path / "log") as supervisor:
        supervisor.start(program("worker", OBEDIENT, str(tmp_path / "told"), "0", "worker"))
        wait_for(log, "up")
        first = supervisor.pid("worker")
        supervisor.restart("worker")
        wait_for(log, "up\nup")
        supervisor.check()
        assert supervisor.pid("worker") != first
        with pytest.raises(ProcessLookupError):
            os.kill(first, 0)
    assert (tmp_path / "told").read_text().split() == ["worker"], "one was killed, the other stopped in order"


SUPERVISOR = """
import sys, time
from pathlib import Path
from gas_local.environment import base_environment
from gas_local.supervisor import Program, Supervisor
folder, code = Path(sys.argv[1]), sys.argv[2]
with Supervisor(folder / "log") as supervisor:
    command = (sys.executable, "-c", code, str(folder / "told"), "0.2", "worker")
    supervisor.start(Program("worker", command, base_environment()))
    print(supervisor.pid("worker"), flush=True)
    time.sleep(60)
"""


def test_children_of_a_killed_supervisor_are_asked_to_stop(tmp_path: Path) -> None:
    starter = subprocess.Popen(
        [sys.executable, "-c", SUPERVISOR, tmp_path, OBEDIENT], stdout=subprocess.PIPE, text=True
    )
    assert starter.stdout is not None
    child = int(starter.stdout.readline())
    try:
        wait_for(tmp_path / "log" / "worker.log", "up")
        starter.kill()
        starter.wait()
        wait_for(tmp_path / "told", "worker")
    finally:
        starter.stdout.close()
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)


def test_taken_port_is_told_with_the_variable_that_moves_us() -> None:
    port = free_port()
    holder = subprocess.Popen(
        [sys.executable, "-m", "http.server", str(port), "--bind", HOST],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        end = time.monotonic() + 10
        refused = None
        while refused is None and time.monotonic() < end:
            try:
                require_free(port, variable="WEB_PORT")
            except LocalStackError as error:
                refused = str(error)
            time.sleep(0.02)
        assert refused is not None
        assert f"Port {port} is in use" in refused
        assert "make run WEB_PORT=" in refused
    finally:
        holder.terminate()
        holder.wait()
    require_free(port, variable="WEB_PORT", patience_seconds=2)


def test_free_port_is_not_one_the_system_gives_to_a_connection_before_it_is_used() -> None:
    with socket.create_server((HOST, 0)) as listener:
        given_by_the_system = {listener.getsockname()[1]}
        for _ in range(20):
            with socket.create_connection(listener.getsockname()) as connection:
                given_by_the_system.add(connection.getsockname()[1])
    ours = [free_port() for _ in range(50)]
    assert len(set(ours)) == 50
    assert max(ours) < min(given_by_the_system)


def test_emulator_has_its_tables_and_objects_after_a_restart(tmp_path: Path) -> None:
    key = {"job_id": {"S": "00000000-0000-4000-8000-000000000001"}}
    port = free_port()
    url = f"http://{HOST}:{port}"

    def provision() -> dict[str, str]:
        return deploy(
            stack="gas-kept",
            endpoint_url=url,
            parameters={"WebOrigin": "http://127.0.0.1:1", "MailSender": MAIL_SENDER},
            env_file=tmp_path / "stack.env",
        )

    with Supervisor(tmp_path / "log") as supervisor:
        supervisor.start(aws_emulator(port=port, state=tmp_path / "aws"))
        names = provision()
        emulator_client("dynamodb", url).put_item(TableName=names["GAS_JOBS_TABLE"], Item=key)
        emulator_client("s3", url).put_object(Bucket=names["GAS_INPUTS_BUCKET"], Key="a", Body=b"kept")
    with Supervisor(tmp_path / "log") as supervisor:
        supervisor.start(aws_emulator(port=port, state=tmp_path / "aws"))
        assert provision() == names
        found = emulator_client("dynamodb", url).get_item(TableName=names["GAS_JOBS_TABLE"], Key=key)
        assert found["Item"] == key
        body = emulator_client("s3", url).get_object(Bucket=names["GAS_INPUTS_BUCKET"], Key="a")["Body"]
        assert body.read() == b"kept"
