"""The office that the benchmarks run: so many E1 spans of trunks, a menu, a queue, agents; and voices to be heard in it.

The voices are made here (pitch, moving formants, syllables, pauses), so that nothing must be installed to speak them; to receivers,
mixes and recorders they are as busy as speech. Leaves out who calls when.
"""

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np

from config.loader import check
from config.schema import Configuration
from pbx.sound_file import encode_alaw

RATE = 8000
PROMPTS = {"welcome": 1.5, "main_menu": 4.0, "opening_hours": 20.0, "agent_number": 1.0, "agent_password": 1.0, "accepted": 1.0,
           "refused": 1.0, "waiting_music": 8.0, "talk": 12.0}  # fmt: skip
"""Seconds of each prompt."""
LOUDNESS = 3000.0
PASSWORD = "1001"
AGENT = "20{:02}"
EXTENSION = "8{:03}"

_TEXT = """
[exchange]
name = "measured"
{spans}
[[trunk_group]]
name = "city"
circuits = [{circuits}]
variant = "china"
direction = "both-way"
{extensions}
[[number]]
prefix = "10086"
destination = "flow:main_menu"

[flow.main_menu]
greeting = "welcome"
menu = "main_menu"
wait_seconds = 5
tries = 3
otherwise = "queue:service"

[flow.main_menu.choices]
1 = "queue:service"
2 = "announcement:opening_hours"

[[queue]]
name = "service"
title = "service"
skill = "service"
music = "waiting_music"
wrap_up_seconds = 2
{agents}{prompts}{features}
"""


def configuration(trunk_spans: int, agents: int) -> Configuration:
    """So many spans of 30 circuits, and spans of subscriber lines for so many agents."""
    houses = -(-agents // 30)
    spans = [("e1", "cas")] * trunk_spans + [("sub", "subscriber")] * houses
    names = [f"{word}-{n + 1}" for n, (word, _) in enumerate(spans)]
    slots = [slot for slot in range(1, 32) if slot != 16]
    text = _TEXT.format(
        spans="".join(f'[[span]]\nname = "{name}"\nkind = "{kind}"\n' for name, (_, kind) in zip(names, spans, strict=True)),
        circuits=", ".join(f'"{name}/1-15", "{name}/17-31"' for name in names[:trunk_spans]),
        extensions="".join(
            f'[[extension]]\nnumber = "{EXTENSION.format(n)}"\nline = "{names[trunk_spans + n // 30]}/{slots[n % 30]}"\nname = "{n}"\n'
            for n in range(agents)
        ),
        agents="".join(
            f'[[agent]]\nnumber = "{AGENT.format(n)}"\nname = "{n}"\npassword = "{PASSWORD}"\nskills = ["service"]\n'
            for n in range(max(1, agents))
        ),
        prompts="".join(f'[[prompt]]\nname = "{name}"\nmelody = "A4:1000"\n' for name in PROMPTS),
        features='[[number]]\nprefix = "*11"\ndestination = "feature:log-in"\n',
    )
    made = check(text, "measured.toml")
    if isinstance(made, list):
        raise ValueError("; ".join(map(str, made)))
    return made


@cache
def sounds() -> dict[str, bytes]:
    """A-law by prompt name."""
    return {name: voice(seconds, seed) for seed, (name, seconds) in enumerate(PROMPTS.items())}


def voice(seconds: float, seed: int) -> bytes:
    """A-law of something like a voice: a moving pitch under three moving formants, in syllables with pauses."""
    random = np.random.default_rng(seed)
    count = int(seconds * RATE)
    time = np.arange(count) / RATE
    pitch = _wander(random, count, 90.0, 180.0, 4.0)
    phase = 2 * np.pi * np.cumsum(pitch) / RATE
    formants = [_wander(random, count, low, high, 6.0) for low, high in ((300, 800), (900, 2200), (2300, 3200))]
    sound = np.zeros(count)
    for harmonic in range(1, 36):
        frequency = harmonic * pitch
        strength = sum(np.exp(-(((frequency - formant) / 120) ** 2)) / (n + 1) for n, formant in enumerate(formants))
        sound += np.where(frequency < 3400, strength, 0.0) * np.sin(harmonic * phase)
    syllables = np.clip(1.5 * np.sin(2 * np.pi * 4 * time + random.uniform(0, 6)) + 0.5, 0, 1)
    words = _wander(random, count, -0.5, 1.5, 1.5) > 0.0
    sound *= syllables * words
    level = float(np.sqrt(np.mean(sound**2))) or 1.0
    return encode_alaw(np.clip(sound * (LOUDNESS / level), -32000, 32000).astype(np.int16))


def _wander(random: np.random.Generator, count: int, low: float, high: float, a_second: float) -> Any:
    """A value that moves between two borders, changing so often a second."""
    points = max(2, int(count / RATE * a_second) + 2)
    values: Sequence[float] = random.uniform(low, high, points).tolist()
    return np.interp(np.linspace(0, points - 1, count), np.arange(points), values)
