"""Codes of everything a line can carry that has a name: MFC signals, DTMF digits, call progress and modem tones, octets, prompts.

One code space is shared by commands, events, the media plane in C and the tokens of simulated spans (drivers/card.h), so
that a tone has one number wherever it is met. Frequencies and levels are not here: they are data of the tone plan
(config/tones) and of the kernels (Q.23, Q.441). Leaves out: cadences, which the plan gives.
"""

SILENCE = 0
MFC_FORWARD = 0x100
MFC_BACKWARD = 0x200
DTMF = 0x300
PROGRESS = 0x400
SPECIAL = 0x500
OCTET = 0x600
CARRIER = 0x700
PROMPT = 0x1000

PROGRESS_TONES = (
    "dial",
    "special-dial",
    "ring-back",
    "busy",
    "congestion",
    "vacant",
    "call-waiting",
    "toll-notify",
    "reminder",
    "confirmation",
    "howler",
    "milliwatt",
    "special-information",
)
"""Call progress tones in the order of their codes; the order is part of the arena's layout and only grows."""

SPECIAL_TONES = (
    "cng",
    "ced",
    "ans-reversals",
    "ansam",
    "ansam-reversals",
    "v21-flags",
    "dual-tone-alert",
    "beep",
    "continuity",
)
"""Signals of fax, modems, answering machines and circuit checks in the order of their codes: T.30 calling tone, V.25 answer tone without
and with reversals of phase, the same with the modulation of V.8, the T.30 preamble, the alert before caller identity (EN 300 659-1), the
tone after an announcement, the check-tone of speech circuits (Q.724 section 7). No plan gives them: they are the same in all
networks. The order only grows."""

DTMF_DIGITS = "0123456789*#ABCD"


def mfc_forward(signal: int) -> int:
    """Code of forward MFC signal 1..15 (Q.441)."""
    return MFC_FORWARD | signal


def mfc_backward(signal: int) -> int:
    """Code of backward MFC signal 1..15 (Q.441)."""
    return MFC_BACKWARD | signal


def dtmf(digit: str) -> int:
    """Code of a DTMF digit (Q.23)."""
    return DTMF | ord(digit)


def progress(name: str) -> int:
    """Code of a call progress tone by its name in the plan."""
    return PROGRESS | PROGRESS_TONES.index(name)


def special(name: str) -> int:
    """Code of a signal of SPECIAL_TONES by its name."""
    return SPECIAL | SPECIAL_TONES.index(name)


def prompt(index: int) -> int:
    """Code under which prompt ``index`` of the prompt cache travels on a token span."""
    return PROMPT + index


def name(code: int) -> str:
    """The readable name, as traces and ``zongji listen`` print it: ``mfc-forward:3``, ``dtmf:#``, ``busy``."""
    if code == SILENCE:
        return "silence"
    if code >= PROMPT:
        return f"prompt:{code - PROMPT}"
    kind, value = code & 0xF00, code & 0xFF
    if kind == MFC_FORWARD:
        return f"mfc-forward:{value}"
    if kind == MFC_BACKWARD:
        return f"mfc-backward:{value}"
    if kind == DTMF:
        return f"dtmf:{chr(value)}"
    if kind == SPECIAL:
        return SPECIAL_TONES[value]
    if kind in (OCTET, CARRIER):
        return f"octet:{value:02x}" if kind == OCTET else "carrier"
    return PROGRESS_TONES[value]
