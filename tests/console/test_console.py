"""The console over real SSH on the loopback: views, verbs by role, watchdog, callbacks, pipes, and everything that is refused."""

import contextlib
import json
import shutil
import socket
import stat
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import pytest
from twisted.conch.ssh import keys
from twisted.internet import task
from twisted.internet.testing import StringTransport

from pbx import console, manhole
from pbx.manhole import DOOR_FILE, HOST_KEY_FILE, KEYS_FILE, Door

HERE = Path(__file__).parent
HOME = HERE.parents[1]


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("var") / "one"
    folder.mkdir()
    process = subprocess.Popen([sys.executable, str(HERE / "small_exchange.py"), str(folder)])
    deadline = time.monotonic() + 30
    while not (folder / DOOR_FILE).exists():
        assert process.poll() is None and time.monotonic() < deadline, "the small exchange did not start"
        time.sleep(0.02)
    yield folder
    process.kill()
    process.wait()


def key_of(data, role):
    path = data / f"key_of_{role}"
    public = manhole.make_key(path).public().toString("openssh").decode()
    manhole.authorise(data / KEYS_FILE, public, f"the-{role}", role)
    return path


def door_of(data):
    return msgspec.json.decode((data / DOOR_FILE).read_bytes(), type=Door)


def typed(data, role, *lines, client="own", terminal=False):
    """What a login of this role sees when it types these lines and leaves; (text, exit status)."""
    if client == "own":
        program = (
            "import sys, msgspec; from pathlib import Path; from pbx.console import speak; from pbx.manhole import Door; "
            "sys.exit(speak(msgspec.json.decode(Path(sys.argv[1]).read_bytes(), type=Door), Path(sys.argv[2])))"
        )
        arguments = [sys.executable, "-c", program, str(data / DOOR_FILE), str(key_of(data, role))]
    else:
        arguments = console.ssh_arguments(data, door_of(data), key_of(data, role), terminal)
        if terminal:
            arguments.insert(1, "-t")
    done = subprocess.run(arguments, input="".join(line + "\n" for line in lines), capture_output=True, text=True, timeout=60, cwd=HOME)
    return done.stdout + done.stderr, done.returncode


def journal(data):
    return [json.loads(line) for line in (data / "journal").read_text().splitlines()]


def commanded(data):
    return [(fact["who"], fact["verb"], fact["argument"]) for kind, fact in journal(data) if kind == "Commanded"]


def test_an_observer_sees_tables_and_may_do_nothing(data):
    shown = ("calls", "queues", "agents", "recordings", "spans", "lines(state='answered')", "len(lines)")
    text, code = typed(data, "observer", *shown, "switch.clear('1-1')")
    assert "13900000000" in text and "sales  Sales  2        17.2" in text and "Ada" in text and "3 lines" in text and "\n90\n" in text
    assert "2026-11-22/1-1-1-120000.wav" in text and "loss of signal  CAS, HDB3, CRC-4  clock from span 2" in text
    assert "refused: the-observer is an observer and may not clear" in text and code == 1
    assert not any(who == "the-observer" for who, _, _ in commanded(data))


def test_long_tables_are_cut_and_help_and_switch_explain(data):
    text, code = typed(data, "observer", "lines", "help", "help()", "switch", "lines['e1-1/2'].state")
    assert "... and 30 more" in text and text.count("You are the-observer, observer.") == 2
    assert "switch.clear(...)  Clear a call." in text and "'idle'" in text and code == 0


@pytest.mark.parametrize("role", ["observer", "engineer"])
def test_a_word_that_there_is_not_is_told_with_the_nearest_one(data, role):
    text, code = typed(data, role, "queue", "xyzzy")
    assert "there is no queue here; is it queues? help tells all words" in text and "there is no xyzzy here; help tells all words" in text
    assert "Traceback" not in text and code == 1


@pytest.mark.parametrize(
    "line",
    [
        "__import__('os').getpid()",
        "import os",
        "lines.__class__",
        "(x for x in lines)",
        "9**9**9",
        "'a' * 10",
        "'{0.__class__}'.format(lines)",
        "f'{1:>99999999}'",
        "'x'.ljust(5)",
        "[0].append(99999999999)",
        "exchange",
        "open('/etc/passwd')",
        "while 1: pass",
        "lines._rows",
        "off.__func__",
        "'%099999999d' % 1",
    ],
)
@pytest.mark.parametrize("role", ["operator"])
def test_who_is_no_engineer_gets_no_python(data, role, line):
    text, code = typed(data, role, line)
    assert code == 1 and ("refused" in text or "NameError" in text)
    assert "pid" not in text and "root:" not in text


def test_an_operators_verb_is_journaled_before_it_is_done(data):
    text, code = typed(data, "operator", "switch.say('hello')", "switch.nonsense()")
    assert "there is no verb 'nonsense'; there are clear, say" in text and code == 1
    assert ("the-operator", "say", "'hello'") in commanded(data)
    kinds = [(kind, fact.get("text", fact.get("argument"))) for kind, fact in journal(data)]
    assert kinds.index(("Commanded", "'hello'")) < kinds.index(("AlarmRaised", "hello"))


def test_an_engineer_has_python_and_every_statement_is_journaled(data):
    text, code = typed(data, "engineer", "def double(n):", "    return 2 * n", "", "double(21)", "exchange.going['1-1'].called", "1 / 0")
    assert "42\n" in text and "'10086'" in text and "ZeroDivisionError" in text and code == 1
    assert ("the-engineer", "python", "double(21)") in commanded(data)


def test_what_holds_the_exchange_is_interrupted(data):
    text, code = typed(data, "engineer", "while True: pass", "", "2 + 2")
    assert "interrupted: it held the exchange for 1 s" in text and "\n4\n" in text and code == 1


def test_a_statement_cannot_swallow_the_interruption_for_ever(data):
    text, _ = typed(
        data, "engineer", "def stubborn():", "    try:", "        while True: pass", "    except Exception: pass", "", "stubborn()"
    )
    assert "interrupted" in text


def test_facts_are_shown_as_they_happen_and_a_bad_callback_is_removed_after_the_third_time(data):
    program = [sys.executable, "-c", LISTENER, str(data / DOOR_FILE), str(key_of(data, "operator"))]
    listener = subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=HOME)
    listener.stdin.write("on(AlarmRaised)\non(AlarmRaised, lambda fact: 1 / 0)\n'ready'\n")
    listener.stdin.flush()
    while "ready" not in listener.stdout.readline():
        pass
    for n in range(5):
        typed(data, "operator", f"switch.say('number {n}')")
    listener.stdin.close()
    text = listener.stdout.read()
    listener.wait(30)
    assert [f"number {n}" in text for n in range(5)] == [True] * 5
    assert text.count("ZeroDivisionError") == 3 and "failed 3 times and was removed" in text


LISTENER = (
    "import sys, msgspec; from pathlib import Path; from pbx.console import speak; from pbx.manhole import Door; "
    "sys.exit(speak(msgspec.json.decode(Path(sys.argv[1]).read_bytes(), type=Door), Path(sys.argv[2])))"
)


def probe(data, what, key):
    done = subprocess.run(
        [sys.executable, str(HERE / "probe.py"), str(door_of(data).port), str(key), what], capture_output=True, text=True, timeout=60
    )
    return done.stdout


def test_a_known_key_comes_in_and_an_unknown_one_does_not(data, tmp_path):
    assert probe(data, "log-in", key_of(data, "observer")) == "granted"
    manhole.make_key(tmp_path / "stranger")
    assert probe(data, "log-in", tmp_path / "stranger") == "lost"
    assert probe(data, "password", tmp_path / "stranger") == "lost"


def test_a_key_taken_out_of_the_file_is_out_at_once(data, tmp_path):
    key = tmp_path / "leaver"
    public = manhole.make_key(key).public().toString("openssh").decode()
    manhole.authorise(data / KEYS_FILE, public, "leaver", "operator")
    assert probe(data, "log-in", key) == "granted"
    lines = (data / KEYS_FILE).read_text().splitlines(keepends=True)
    (data / KEYS_FILE).write_text("".join(line for line in lines if " leaver " not in line))
    assert probe(data, "log-in", key) == "lost"


@pytest.mark.parametrize("what", ["forward", "listen", "agent", "x11", "sftp", "channels"])
def test_nothing_but_the_console_is_given(data, what):
    assert probe(data, what, key_of(data, "engineer")) == "refused"


def test_connections_are_few(data):
    port = door_of(data).port
    held = [socket.create_connection(("127.0.0.1", port), 10) for _ in range(manhole.CONNECTIONS_MOST)]
    assert all(one.recv(3) == b"SSH" for one in held)
    one_more = socket.create_connection(("127.0.0.1", port), 10)
    one_more.settimeout(10)
    with contextlib.suppress(ConnectionResetError):
        assert one_more.recv(3) == b""
    for each in (*held, one_more):
        each.close()
    deadline = time.monotonic() + 10
    while probe(data, "log-in", key_of(data, "observer")) != "granted":
        assert time.monotonic() < deadline


def test_only_the_loopback_is_listened_to(data):
    listening = f"{door_of(data).port:04X}"
    rows = [row.split() for row in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    assert [row[1] for row in rows if row[1].endswith(f":{listening}") and row[3] == "0A"] == [f"0100007F:{listening}"]


def test_private_files_are_private_and_a_key_that_others_can_read_is_refused(data, tmp_path):
    for name in (HOST_KEY_FILE, KEYS_FILE):
        assert stat.S_IMODE((data / name).stat().st_mode) == 0o600
    manhole.make_key(tmp_path / "key")
    (tmp_path / "key").chmod(0o644)
    with pytest.raises(PermissionError):
        manhole.make_key(tmp_path / "key")


def test_a_keys_file_lets_in_only_what_is_right(tmp_path):
    good = manhole.make_key(tmp_path / "key").public().toString("openssh").decode()
    path = tmp_path / KEYS_FILE
    path.write_text(f"# a remark\n{good} ada engineer\n{good} bo king\nssh-ed25519 AAAA cy operator\nssh-rsa AAAA di operator\n\n")
    assert [(row.name, row.role) for row in manhole.read_keys(path)] == [("ada", "engineer")]
    for name, role in (("two words", "operator"), ("ada", "king"), ("", "operator")):
        with pytest.raises(ValueError, match="roles"):
            manhole.authorise(path, good, name, role)
    manhole.authorise(path, good, "ada", "engineer")
    assert len(manhole.read_keys(path)) == 1


def command(data, *arguments, text=""):
    program = "import sys; from pbx.console import console_command; sys.exit(console_command(sys.argv[1:]))"
    return subprocess.run([sys.executable, "-c", program, *arguments], input=text, capture_output=True, text=True, timeout=60, cwd=HOME)


@pytest.mark.parametrize("client", ["own", pytest.param("ssh", marks=pytest.mark.skipif(not shutil.which("ssh"), reason="no ssh"))])
def test_the_command_serves_pipes_and_single_statements(data, client):
    piped = command(data, "--data", str(data), "--client", client, text="queues\n")
    assert (piped.returncode, piped.stderr) == (0, "") and "sales" in piped.stdout
    half = command(data, "--data", str(data), "--client", client, text="len(queues)")
    assert (half.returncode, half.stdout) == (0, "1\n")
    single = command(data, "--data", str(data), "--client", client, "agents")
    assert single.returncode == 0 and "Ada" in single.stdout
    wrong = command(data, "--data", str(data), "--client", client, "1 / 0")
    assert wrong.returncode == 1 and "ZeroDivisionError" in wrong.stdout


@pytest.mark.skipif(not shutil.which("ssh"), reason="no ssh")
def test_on_a_terminal_it_is_a_line_editor(data):
    text, _ = typed(data, "observer", "len(queues)", "\x04", client="ssh", terminal=True)
    assert ">>> " in text and "\x1b[" in text


def test_the_command_finds_the_exchange_that_runs(data, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(data.parent.parent)
    data.parent.rename(data.parent.with_name("var"))
    try:
        assert console.running_data() == Path("var") / "one"
        dead = Path("var") / "two"
        dead.mkdir()
        (dead / DOOR_FILE).write_bytes(msgspec.json.encode(Door(1, "ssh-ed25519 AAAA", 2**22 + 1)))
        assert console.running_data() == Path("var") / "one"
    finally:
        Path("var").rename(data.parent)
    monkeypatch.chdir(tmp_path)
    assert console.console_command([]) == 1
    assert "zongji demo --keep" in capsys.readouterr().err


def test_another_program_on_the_port_is_not_spoken_to(data, tmp_path):
    stranger = manhole.make_key(tmp_path / "other").public().toString("openssh").decode()
    door = msgspec.structs.replace(door_of(data), host_key=" ".join(stranger.split()[:2]))
    (tmp_path / DOOR_FILE).write_bytes(msgspec.json.encode(door))
    done = command(data, "--data", str(tmp_path), "--client", "own", text="queues\n")
    assert done.returncode == 255 and "sales" not in done.stdout


def test_help_has_an_example(capsys):
    with pytest.raises(SystemExit):
        console.console_command(["--help"])
    assert "example: echo lines | zongji console" in capsys.readouterr().out


def test_the_local_users_key_is_made_once(tmp_path):
    first = console.prepare_key(tmp_path).read_bytes()
    assert console.prepare_key(tmp_path).read_bytes() == first
    (row,) = manhole.read_keys(tmp_path / KEYS_FILE)
    assert row.role == "engineer" and row.blob == keys.Key.fromString(first).public().blob()


def test_who_does_not_log_in_in_time_is_sent_away(tmp_path):
    clock = task.Clock()
    door = manhole.ConsoleFactory(None, tmp_path, clock)
    door.startFactory()
    slow = StringTransport()
    door.buildProtocol(None).makeConnection(slow)
    clock.advance(manhole.GRACE_S - 1)
    assert slow.value().startswith(b"SSH-2.0") and not slow.disconnecting and door.connections == 1
    clock.advance(2)
    assert slow.disconnected or slow.aborting or slow.disconnecting


def test_only_modern_algorithms_are_offered(tmp_path):
    door = manhole.ConsoleFactory(None, tmp_path, task.Clock())
    door.startFactory()
    line = StringTransport()
    door.buildProtocol(None).makeConnection(line)
    offered = line.value()
    assert b"curve25519-sha256" in offered and b"ssh-ed25519" in offered
    for old in (b"-cbc", b"hmac-sha1", b"hmac-md5", b"diffie-hellman", b"ssh-rsa"):
        assert old not in offered
