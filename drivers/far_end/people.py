"""People: scripts of what one person at the far end does, for stories (drivers/far_end/story.py).

An agent at a telephone, callers of several kinds, an extension that calls another, a city subscriber who is called. What is random comes
from the generator handed in; what is awaited is what a person would wait for: a tone, a bell, an answer. Leaves out how many there are and
when they begin (showing, traffic).
"""

from random import Random

from drivers.far_end.party import Party, Subscriber
from drivers.far_end.story import Script, until
from drivers.far_end.telephone import Telephone

PATIENCE_S = 60.0
SPEECH = "welcome"
"""What people say to each other: any prompt will do, it is a voice."""


def _say(party: Party) -> None:
    if SPEECH in party.network.prompts:
        party.speak(SPEECH, loop=True)


def _put_down(phone: Telephone) -> None:
    if phone.off_hook:
        phone.hang_up()


def _leaves(person: Subscriber) -> Script:
    """Hang up, unless the other end has done it before, and wait until the circuit is let go."""
    if person.line is not None:
        person.hang_up()
    if person.line is not None:
        yield until("released", seconds=10)


def logs_in(phone: Telephone, agent: str, password: str) -> Script:
    """Log an agent in by the feature code, and go."""
    phone.lift()
    yield until("hears dial", seconds=5)
    phone.press("*11")
    yield 4.0
    phone.press(agent + "#")
    yield 3.0
    phone.press(password + "#")
    yield until("hears busy", seconds=12)
    _put_down(phone)
    yield 1.0


def works(phone: Telephone, agent: str, password: str, random: Random, slow: float = 0.0, leaves_first: float = 0.3) -> Script:
    """An agent's day: log in, answer every bell, talk, hang up; sometimes before the caller does."""
    yield from logs_in(phone, agent, password)
    while True:
        yield until("bell", seconds=1e6)
        yield 1.0 + slow + random.random() * 2
        if not phone.rings:
            continue
        phone.lift()
        _say(phone)
        patience = 4 + random.random() * 8 if random.random() < leaves_first else 600.0
        # Dial tone: the caller had gone before the handset was lifted.
        yield until("hears busy", "hears dial", seconds=patience)
        yield 0.5
        _put_down(phone)
        yield 0.5


def asks_for_agent(caller: Subscriber, number: str, key: str, talk_seconds: float) -> Script:
    """Dial the service number, choose the queue, wait, talk, hang up."""
    if not caller.dial(number):
        return
    if not (yield until("answered", seconds=30)):
        caller.hang_up()
        return
    yield 2.5
    if caller.line is None:
        return
    caller.press(key)
    yield 1.0
    _say(caller)
    yield until("released", seconds=talk_seconds)
    yield from _leaves(caller)


def hears_announcement(caller: Subscriber, number: str, key: str, listen_seconds: float) -> Script:
    """Dial the service number, choose an announcement, listen, hang up."""
    if not caller.dial(number):
        return
    yield until("answered", "released", seconds=30)
    yield 3.0
    caller.press(key)
    yield until("released", seconds=listen_seconds)
    yield from _leaves(caller)


def dials_wrong(caller: Subscriber, number: str) -> Script:
    """Dial a number that nobody has; the network says so by itself."""
    caller.dial(number)
    yield until("released", seconds=30)


def calls(phone: Telephone, number: str, talk_seconds: float) -> Script:
    """Lift, dial a number, talk if somebody answers, hang up."""
    phone.lift()
    yield until("hears dial", seconds=5)
    phone.press(number)
    heard = yield until("hears busy", "hears vacant", "hears congestion", seconds=talk_seconds)
    if heard is None:
        yield 0.2
    _put_down(phone)
    yield 1.0


def answers_once(phone: Telephone, after_seconds: float) -> Script:
    """Wait for the bell, answer, talk until the other has gone."""
    if not (yield until("bell", seconds=PATIENCE_S)):
        return
    yield after_seconds
    phone.lift()
    _say(phone)
    yield until("hears busy", seconds=PATIENCE_S)
    _put_down(phone)


def is_called(subscriber: Subscriber, after_seconds: float, talk_seconds: float) -> Script:
    """A city subscriber: wait to be rung, answer, talk, hang up."""
    if not (yield until("rung", seconds=PATIENCE_S)):
        return
    yield after_seconds
    subscriber.answer()
    _say(subscriber)
    yield until("released", seconds=talk_seconds)
    yield from _leaves(subscriber)
