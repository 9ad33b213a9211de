"""Echo cancellers of calls: given at the answer, taken away at the end, kept over a restart."""

import numpy as np

from pbx.sound_file import decode_alaw
from pbx.vocabulary.media import CancelEcho, Hear
from tests.lab import Lab

EXTENSION = (('line = "sub-1/6"', 'line = "sub-1/6"\necho_tail_ms = 64'),)
TRUNKS = (('hunt = "longest-idle"', 'hunt = "longest-idle"\necho_tail_ms = 128'),)
LOSS_DB = -8.0


def talking_to_a_hybrid(lab):
    """A caller who speaks all the time to a telephone from whose line comes back what it is told."""
    caller, telephone = lab.caller("13900000000").dials("8006"), lab.telephone("8006")
    telephone.is_rung().answers()
    caller.is_answered()
    line = telephone.party.line
    lab.network.order(line, Hear(line.port, LOSS_DB))
    caller.party.speak("waiting_music", True)
    return caller, telephone


def told_to(lab, line, seconds):
    """The level of what a line is told and of what it says, in dB of some zero."""
    switch = lab.simulation.exchange.switch
    leg = switch.lines[line].leg
    lab.simulation.exchange.floor.turn(switch.recorders.record, leg)
    lab.after(seconds)
    octets = lab.simulation.exchange.plane.read_recorder(leg.recorder)
    lab.simulation.exchange.floor.turn(switch.recorders.stop, leg)
    said, told = (decode_alaw(octets[track::2]).astype(float) for track in (0, 1))
    assert len(told) > seconds * 7000
    return tuple(10 * np.log10(np.mean(sound**2) + 1) for sound in (told, said))


def echo_loss_db(lab):
    told, said = told_to(lab, "e1-1/1", 2.0)
    return said - told


def test_a_caller_hears_his_own_echo_unless_it_is_cancelled(seed):
    losses = {}
    for changes in ((), EXTENSION):
        with Lab(seed=seed, changes=changes) as lab:
            caller, telephone = talking_to_a_hybrid(lab)
            lab.after(3.0)
            losses[changes] = echo_loss_db(lab)
            caller.hangs_up().is_released()
            telephone.hears_tone("busy").hangs_up()
    assert losses[()] < 12
    assert losses[EXTENSION] > 30


def test_a_canceller_is_there_from_the_answer_to_the_end(seed):
    with Lab(seed=seed, changes=EXTENSION + TRUNKS) as lab:
        trunk, port = (lab.simulation.exchange.lines[name].port for name in ("e1-1/1", "sub-1/6"))
        caller, telephone = lab.caller("13900000000").dials("8006"), lab.telephone("8006").is_rung()
        plane = lab.simulation.exchange.plane
        assert plane.echo(port) is None and plane.echo(trunk) is None
        telephone.answers()
        caller.is_answered()
        lab.after(0.1)
        assert plane.echo(port).tail_ms == 64 and plane.echo(trunk).tail_ms == 128
        caller.hangs_up().is_released()
        assert plane.echo(trunk) is None
        telephone.hears_tone("busy").hangs_up()
        lab.after(1.0)
        assert plane.echo(port) is None


def test_a_new_control_leaves_a_canceller_what_it_has_learned(seed):
    with Lab(seed=seed, changes=EXTENSION) as lab:
        port = lab.simulation.exchange.lines["sub-1/6"].port
        caller, telephone = talking_to_a_hybrid(lab)
        lab.after(3.0)
        before = lab.simulation.exchange.plane.echo(port)
        assert before.converged
        commands = lab.simulation.exchange.plane.counters()["rejected_commands"]
        lab.simulation.kill_control()
        lab.after(0.05)
        after = lab.simulation.exchange.plane.echo(port)
        assert after.converged and after.erle_db > before.erle_db - 6
        assert lab.simulation.exchange.plane.counters()["rejected_commands"] == commands
        assert echo_loss_db(lab) > 30
        caller.hangs_up().is_released()
        telephone.hears_tone("busy").hangs_up()
        lab.after(1.0)
        assert lab.simulation.exchange.plane.echo(port) is None


def test_a_new_control_gives_what_a_dead_one_did_not_and_takes_what_is_left(seed):
    """The commands of the last turn may never have left: a canceller is missing, or stands on a line without a leg."""
    with Lab(seed=seed, changes=EXTENSION + TRUNKS) as lab:
        caller, telephone = talking_to_a_hybrid(lab)
        lab.after(0.5)
        lost, left = lab.simulation.exchange.lines["sub-1/6"].port, lab.simulation.exchange.lines["e1-1/9"].port
        lab.simulation.exchange.plane.send(lost, CancelEcho(0))
        lab.simulation.exchange.plane.send(left, CancelEcho(32))
        lab.after(0.1)
        assert lab.simulation.exchange.plane.echo(lost) is None and lab.simulation.exchange.plane.echo(left) is not None
        lab.simulation.kill_control()
        lab.after(0.1)
        assert lab.simulation.exchange.plane.echo(lost).tail_ms == 64 and lab.simulation.exchange.plane.echo(left) is None
        caller.hangs_up().is_released()
        telephone.hears_tone("busy").hangs_up()
