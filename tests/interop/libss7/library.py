"""libss7 as Debian ships it, through ctypes, on the links of ``signalling_data_link.c``: built at need, loaded once, in virtual time.

The links are compiled by gcc into ``build/interop`` against <libss7.h> 2.0.0 and opened with RTLD_DEEPBIND, so that the library, and it
alone, finds the links' ``read``, ``write`` and clock. The library is a judge: nothing of the product knows it. Leaves out what the tests
do not need.
"""

import ctypes
import os
import subprocess
from functools import cache
from pathlib import Path

from benchmarks import libss7 as peer

HERE = Path(__file__).resolve().parent
BUILD = HERE.parents[2] / "build" / "interop"
UNIT_OCTETS = 514
ITU = 1  # SS7_ITU
DAHDI_CHANNEL = 0  # SS7_TRANSPORT_DAHDIDCHAN: every unit is read and written
KINDS = {
    1: "UP", 2: "DOWN", 3: "link up", 4: "link down", 5: "IAM", 6: "ACM", 7: "ANM", 8: "REL", 9: "RLC", 10: "GRS", 11: "GRA", 12: "CON",
    13: "COT", 14: "CCR", 15: "BLO", 16: "UBL", 17: "BLA", 18: "UBA", 19: "CGB", 20: "CGU", 21: "RSC", 22: "CPG", 23: "UCIC", 24: "LPA",
    25: "CQM", 26: "FAR", 27: "FAA", 30: "SUS", 31: "RES", 32: "CGBA", 33: "CGUA", 34: "SAM", 35: "digits end", 36: "FRJ",
}  # fmt: skip
"""Its events, by number."""
SENT_IAM, PENDING_IAM = 1 << 7, 1 << 21  # flags of a call
ASK_CALLER = 1  # SS7_INR_IF_NO_CALLING
SEND_REL = 1  # SS7_HANGUP_SEND_REL
TAKE_THEIRS = 5  # SS7_HANGUP_REEVENT_IAM: of two calls that met, the other end's goes on
CIRCUIT_USED, CIRCUIT_IDLE = 1, 2  # SS7_CIC_...

_Pointer, _Text, _Int, _Octet = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int, ctypes.c_uint8
Say = ctypes.CFUNCTYPE(None, _Pointer, _Text)
Hangup = ctypes.CFUNCTYPE(_Int, _Pointer, _Int, ctypes.c_uint, _Int, _Int)
NotInService = ctypes.CFUNCTYPE(None, _Pointer, _Int, ctypes.c_uint)
CallNull = ctypes.CFUNCTYPE(None, _Pointer, _Pointer, _Int)


class Event(ctypes.Structure):
    """``struct far_event``."""

    _fields_ = [
        *((name, _Int) for name in ("kind", "cic", "end", "type", "cause", "value", "network", "previous", "nature", "category")),
        ("presentation", _Int),
        *((name, ctypes.c_char * 64) for name in ("called", "calling", "redirecting", "original")),
        ("status", _Octet * 256),
        ("call", _Pointer),
    ]


_FUNCTIONS = {
    "far_set_clock": (None, ctypes.c_int64),
    "far_hear": (_Int, _Pointer, _Int, _Text, _Int),
    "far_say": (_Int, _Pointer, _Int, _Pointer),
    "far_next_event": (_Int, _Pointer, ctypes.POINTER(Event)),
    "far_shown": (_Text, _Pointer, _Int),
    "ss7_get_version": (_Text,),
    "ss7_new": (_Pointer, _Int),
    "ss7_destroy": (None, _Pointer),
    "ss7_set_pc": (_Int, _Pointer, ctypes.c_uint),
    "ss7_set_network_ind": (_Int, _Pointer, _Int),
    "ss7_add_link": (_Int, _Pointer, _Int, _Int, _Int, ctypes.c_uint),
    "ss7_start": (_Int, _Pointer),
    "ss7_set_isup_timer": (_Int, _Pointer, _Text, _Int),
    "ss7_set_mtp3_timer": (_Int, _Pointer, _Text, _Int),
    "ss7_set_cause_location": (None, _Pointer, _Octet),
    "ss7_set_flags": (None, _Pointer, ctypes.c_uint),
    "ss7_clear_flags": (None, _Pointer, ctypes.c_uint),
    "ss7_link_alarm": (None, _Pointer, _Int),
    "ss7_link_noalarm": (None, _Pointer, _Int),
    "ss7_schedule_run": (_Int, _Pointer),
    "mtp3_net_mng": (_Text, _Pointer, ctypes.c_uint, _Text, ctypes.c_uint),
    "mtp3_init_restart": (None, _Pointer, _Int),
    "isup_new_call": (_Pointer, _Pointer, _Int, ctypes.c_uint, _Int),
    "isup_free_call_if_clear": (_Pointer, _Pointer, _Pointer),
    "isup_free_call": (None, _Pointer, _Pointer),
    "isup_clear_callflags": (None, _Pointer, _Pointer, ctypes.c_ulong),
    "isup_event_iam": (_Int, _Pointer, _Pointer, _Int),
    "isup_set_called": (None, _Pointer, _Text, _Octet, _Pointer),
    "isup_set_calling": (None, _Pointer, _Text, _Octet, _Octet, _Octet),
    "isup_set_connected": (None, _Pointer, _Text, _Octet, _Octet, _Octet),
    "isup_set_col_req": (None, _Pointer),
    "isup_set_calling_party_category": (None, _Pointer, ctypes.c_uint),
    "isup_set_redirecting_number": (None, _Pointer, _Text, _Octet, _Octet, _Octet),
    "isup_set_orig_called_num": (None, _Pointer, _Text, _Octet, _Octet, _Octet),
    "isup_set_redirection_info": (None, _Pointer, _Octet, _Octet, _Octet, _Octet),
    "isup_ucic": (_Int, _Pointer, _Int, ctypes.c_uint),
    **{f"isup_{name}": (_Int, _Pointer, _Pointer) for name in ("iam", "acm", "anm", "con", "rlc", "rsc", "blo", "ubl", "bla", "uba")},
    **{f"isup_{name}": (_Int, _Pointer, _Pointer, _Int) for name in ("rel", "cpg", "grs")},
    **{f"isup_{name}": (_Int, _Pointer, _Pointer, _Octet) for name in ("sus", "res")},
    "isup_inr": (_Int, _Pointer, _Pointer, _Octet, _Octet),
    **{f"isup_{name}": (_Int, _Pointer, _Pointer, _Int, _Text) for name in ("gra", "cgba", "cgua")},
    **{f"isup_{name}": (_Int, _Pointer, _Pointer, _Int, _Text, _Int) for name in ("cgb", "cgu")},
    "ss7_set_message": (None, Say),
    "ss7_set_error": (None, Say),
    "ss7_set_hangup": (None, Hangup),
    "ss7_set_notinservice": (None, NotInService),
    "ss7_set_call_null": (None, CallNull),
}


@cache
def installed() -> bool:
    """Whether the library and its header are there; nothing is loaded."""
    return peer.installed()


def build() -> Path:
    """Compile the links, if they are not newer than their source; returns the shared object."""
    source, made = HERE / "signalling_data_link.c", BUILD / "libss7_signalling_data_link.so"
    if made.exists() and made.stat().st_mtime > source.stat().st_mtime:
        return made
    BUILD.mkdir(parents=True, exist_ok=True)
    begun = BUILD / f"libss7_signalling_data_link.{os.getpid()}.so"
    flags = ["-std=c11", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror", "-O2", "-fPIC", "-shared"]
    linked = ["-Wl,--no-as-needed", f"-l:{peer.LIBRARY}"]
    subprocess.run(["gcc", *flags, "-o", str(begun), str(source), *linked], check=True)
    begun.replace(made)
    return made


@cache
def load() -> ctypes.CDLL:
    """The links with the library behind them: ``far_...`` are the links' calls, the others the library's."""
    library = ctypes.CDLL(str(build()), mode=os.RTLD_NOW | os.RTLD_DEEPBIND)
    for name, (result, *arguments) in _FUNCTIONS.items():
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    return library
