"""libopenr2 as Debian ships it, through ctypes, on the line card of ``line_card.c``: built at need, loaded once, in virtual time.

The card is compiled by gcc into ``build/interop`` and opened with RTLD_DEEPBIND, so that the library, and it alone, finds the card's
``ioctl``, ``read``, ``write`` and clock. Names and numbers are those of <openr2.h> 1.3.3. Leaves out what the tests do not need.
"""

import ctypes
import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
BUILD = HERE.parents[2] / "build" / "interop"
LIBRARY = "libopenr2.so.3"
CHINA = 40  # OR2_VAR_CHINA
MODES = ("with charge", "without charge", "special", "unknown")
"""openr2_call_mode_t, in its order."""
CHANNELS = 30
CAUSES = (
    "busy", "congestion", "unallocated", "out of order", "unspecified", "no answer", "normal", "collect call refused",
    "forced release", "number changed",
)  # fmt: skip
"""openr2_call_disconnect_cause_t, in its order."""

_Channel = ctypes.c_void_p
_Text = ctypes.c_char_p
_Octets = ctypes.POINTER(ctypes.c_uint8)
_EVENTS = (
    ("call_init", (None, _Channel)),
    ("call_offered", (None, _Channel, _Text, _Text, ctypes.c_int)),
    ("call_accepted", (None, _Channel, ctypes.c_int)),
    ("call_answered", (None, _Channel)),
    ("call_disconnect", (None, _Channel, ctypes.c_int)),
    ("call_end", (None, _Channel)),
    ("call_read", (None, _Channel, _Octets, ctypes.c_int)),
    ("hardware_alarm", (None, _Channel, ctypes.c_int)),
    ("os_error", (None, _Channel, ctypes.c_int)),
    ("protocol_error", (None, _Channel, ctypes.c_int)),
    ("line_blocked", (None, _Channel)),
    ("line_idle", (None, _Channel)),
    ("context_log", (None, _Channel, ctypes.c_int, _Text, _Channel)),
    ("dnis_digit_received", (ctypes.c_int, _Channel, ctypes.c_char)),
    ("ani_digit_received", (None, _Channel, ctypes.c_char)),
    ("billing_pulse_received", (None, _Channel)),
)  # fmt: skip
"""openr2_event_interface_t, in its order."""
CALLBACKS = {name: ctypes.CFUNCTYPE(*kinds) for name, kinds in _EVENTS}


class Events(ctypes.Structure):
    """What a context calls; a null pointer leaves the library's own default."""

    _fields_ = list(CALLBACKS.items())


def installed() -> bool:
    """Whether the library can be loaded at all; asked in a process of its own, so that nothing is loaded here."""
    command = [sys.executable, "-c", f"import ctypes; ctypes.CDLL('{LIBRARY}')"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def build() -> Path:
    """Compile the line card, if it is not newer than its source; returns the shared object."""
    source, made = HERE / "line_card.c", BUILD / "openr2_line_card.so"
    if made.exists() and made.stat().st_mtime > source.stat().st_mtime:
        return made
    BUILD.mkdir(parents=True, exist_ok=True)
    begun = BUILD / f"openr2_line_card.{os.getpid()}.so"
    flags = ["-std=c11", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror", "-O2", "-fPIC", "-shared"]
    linked = ["-Wl,--no-as-needed", f"-l:{LIBRARY}"]
    subprocess.run(["gcc", *flags, "-o", str(begun), str(source), *linked], check=True)
    begun.replace(made)
    return made


def load() -> ctypes.CDLL:
    """The card with the library behind it: ``card_...`` are the card's calls, ``openr2_...`` the library's."""
    library = ctypes.CDLL(str(build()), mode=os.RTLD_NOW | os.RTLD_DEEPBIND)
    library.card_set_clock.argtypes = [ctypes.c_int64]
    library.card_tick.argtypes = [ctypes.c_char_p, ctypes.c_char_p]
    library.openr2_get_version.restype = _Text
    library.openr2_context_new.restype = _Channel
    library.openr2_context_new.argtypes = [_Channel, ctypes.POINTER(Events), _Channel, *[ctypes.c_int] * 3]
    for name in ("set_ani_first", "set_skip_category_request", "set_log_level"):
        getattr(library, f"openr2_context_{name}").argtypes = [_Channel, ctypes.c_int]
    for name in ("set_log_directory", "configure_from_advanced_file"):
        getattr(library, f"openr2_context_{name}").argtypes = [_Channel, _Text]
    library.openr2_chan_new_from_fd.restype = _Channel
    library.openr2_chan_new_from_fd.argtypes = [_Channel, ctypes.c_int, _Channel, _Channel]
    states = ("set_idle", "set_blocked", "get_tx_mf_signal", "get_rx_mf_signal")
    for name in (*states, "process_event", "answer_call", "enable_call_files", "handle_cas"):
        getattr(library, f"openr2_chan_{name}").argtypes = [_Channel]
    for name in ("accept_call", "disconnect_call", "set_log_level"):
        getattr(library, f"openr2_chan_{name}").argtypes = [_Channel, ctypes.c_int]
    library.openr2_chan_make_call.argtypes = [_Channel, _Text, _Text, ctypes.c_int]
    library.openr2_chan_write.argtypes = [_Channel, ctypes.c_char_p, ctypes.c_int]
    for name in ("call_state", "r2_state", "rx_cas", "tx_cas", "mf_state"):
        getter = getattr(library, f"openr2_chan_get_{name}_string")
        getter.argtypes, getter.restype = [_Channel], _Text
    library.openr2_proto_get_error.argtypes, library.openr2_proto_get_error.restype = [ctypes.c_int], _Text
    return library
