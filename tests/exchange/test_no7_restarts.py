"""Control dies while something of No. 7 is not as it should be: spans and links that are out, circuits that somebody has blocked."""

import pytest

from pbx import far_network, recovery
from pbx.signalling.ss7.mtp2.orders import StatusHeard
from pbx.vocabulary import facts
from tests.exchange.test_no7 import CITY, USER_PARTS, call, cut, end, mend, states, talk, two_links, unexpected, view_of
from tests.lab import Lab


def killed(lab):
    adopted = lab.simulation.kill_control()
    lab.exchange = lab.simulation.exchange
    return adopted


def circuits(lab):
    return [line for name, line in lab.exchange.lines.items() if name.startswith("ss7")]


@USER_PARTS
def test_circuits_of_a_span_that_was_out_when_control_died_are_free_when_it_is_well(seed, user_part):
    """What failed hardware has blocked is not what an operator has: it must not outlive the failure."""
    with Lab(seed=seed, configuration=two_links(user_part)) as lab:
        cut(lab, "ss7-1")
        lab.after(3.0)
        assert {frozenset(line.blocked) for line in circuits(lab)} == {frozenset({"alarm", "remote"})}
        killed(lab)
        lab.after(3.0)
        assert not any(line.available for line in circuits(lab))
        mend(lab, "ss7-1")
        lab.after(8.0)
        assert all(line.available for line in circuits(lab))
        assert unexpected(lab) == []


@USER_PARTS
@pytest.mark.parametrize("after", [0.05, 2.0])
@pytest.mark.parametrize("spans", [("link-1",), ("link-1", "link-2")])
def test_a_call_stands_when_control_dies_while_links_are_out(seed, user_part, spans, after):
    """With the last link circuits are taken out of use, which must not be written over the records of their calls before they are read."""
    with Lab(seed=seed, configuration=two_links(user_part)) as lab:
        telephone, city = call(lab)
        for span in spans:
            cut(lab, span)
        lab.after(after)
        assert killed(lab) == 2
        lab.after(3.0)
        talk(telephone, city)
        for span in spans:
            mend(lab, span)
        lab.after(30.0)
        assert set(states(lab).values()) == {"InService"}
        end(telephone, city)
        lab.after(2.0)
        assert all(line.available for line in circuits(lab))
        end(*call(lab, "8004", "663456789"))
        sources = {fact.source for fact in lab.facts(facts.AlarmRaised)}
        assert sources == {fact.source for fact in lab.facts(facts.AlarmCleared)}
        assert unexpected(lab) == []


@USER_PARTS
def test_a_group_that_was_blocked_when_control_died_stays_so_until_it_is_unblocked(seed, user_part):
    with Lab(seed=seed, configuration=two_links(user_part)) as lab:
        telephone, city = call(lab)
        assert view_of(lab).block_circuits("toll") == "done"
        lab.after(2.0)
        assert killed(lab) == 2
        lab.after(5.0)
        assert {frozenset(line.blocked) for line in circuits(lab)} == {frozenset({"local"})}
        assert not any(line.available for line in lab.network.circuits if line.group == "toll")
        assert view_of(lab).unblock_circuits("toll") == "done"
        lab.after(3.0)
        talk(telephone, city)
        end(telephone, city)
        lab.after(2.0)
        assert all(line.available for line in circuits(lab))


def test_a_reason_that_has_gone_is_shown_no_more_while_another_stands(seed):
    """Else the operator's block would come back with the next control."""
    with Lab(seed=seed, configuration=two_links()) as lab:
        (relation,) = lab.network.signalling.relations
        assert view_of(lab).block_circuits("toll") == "done"
        lab.network.floor.turn(relation.order, "block", range(1, 16))
        lab.after(2.0)
        assert lab.exchange.lines["ss7-1/1"].blocked == {"local", "remote"}
        assert view_of(lab).unblock_circuits("toll") == "done"
        lab.after(2.0)
        assert lab.exchange.lines["ss7-1/1"].blocked == {"remote"}
        killed(lab)
        lab.after(3.0)
        assert lab.exchange.lines["ss7-1/1"].blocked == {"remote"}
        lab.network.floor.turn(relation.order, "unblock", range(1, 16))
        lab.after(2.0)
        assert all(line.available for line in circuits(lab))


@USER_PARTS
@pytest.mark.parametrize("seconds", [1.0, 5.0])
def test_control_that_stands_still_loses_no_link_and_no_call(seed, user_part, seconds):
    """The plane tells the far end by SIPO, which seizes no circuit meanwhile; what was under way is answered afterwards."""
    with Lab(seed=seed, configuration=two_links(user_part)) as lab:
        telephone, city = call(lab)
        callers = [lab.caller(f"0106234567{place}", group="toll") for place in range(6)]
        for place, caller in enumerate(callers):
            lab.simulation.clock.callLater(place * 0.1, caller.party.dial, "10086")
        lab.after(0.25)
        heard = []
        lab.network.signalling.observer = lambda now, link, told: heard.append((link, told))
        drain, lab.simulation.near.drain = lab.simulation.near.drain, list
        lab.after(seconds)
        lab.simulation.near.drain = drain
        assert {link for link, told in heard if told == StatusHeard("SIPO")} == {"toll-0", "toll-1"}
        for caller in callers:
            caller.is_answered(within=3.0)
        # The far end has no other way to us: it restarts, and its messages are lost until that is over (Q.704 section 9).
        lab.after(7.0)
        assert set(states(lab).values()) == {"InService"}
        assert not [text for link in lab.exchange.signalling.links.values() for at, text in link.history if at > 5.0]
        talk(telephone, city)
        for caller in callers:
            caller.hangs_up()
        end(telephone, city)
        assert unexpected(lab) == []


@USER_PARTS
@pytest.mark.parametrize("way", ["out", "in"])
def test_control_dies_at_any_moment_of_a_call_and_no_circuit_is_left(seed, user_part, way):
    """From the first message to the last: what is not answered is cleared at both ends, what has been cleared stays so."""
    with Lab(seed=seed, configuration=two_links(user_part)) as lab:
        lab.faulty = True
        clock = lab.simulation.clock

        def stranger(called, line, setup):
            party = lab.network.subscriber(f"{called} {lab.now:.3f}")
            clock.callLater(0.06, party.answer)
            clock.callLater(0.2, party.hang_up)
            return party

        lab.network.stranger = stranger
        telephone = lab.telephone("8003")
        for moment in range(10):
            # Dialling takes 1.6 s; a call is over after 0.4 s.
            if way == "out":
                telephone.dials(CITY)
            else:
                caller = lab.caller("01062345678", group="toll").dials("10086" if moment % 2 else "8003")
                clock.callLater(0.1, telephone.party.lift)
                clock.callLater(0.3, caller.party.hang_up)
            lab.after((1.58 if way == "out" else 0.0) + lab.random.uniform(0.0, 0.5))
            killed(lab)
            lab.after(2.0)
            for party in [telephone.party, *lab.network.subscribers.values()]:
                party.hang_up()
            assert lab.wait(lambda: not lab.exchange.switch.calls and all(_is_free(lab, line) for line in circuits(lab)), 60.0), moment
            lab.after(2.5)
        assert len(lab.records()) >= 10


def _is_free(lab, line):
    far = lab.network.lines[line.name]
    return line.available and far.available and line.engine.state == far.engine.state == "Idle"


class DeathError(BaseException):
    """Control dies here, whatever it does."""


def test_an_operators_block_outlives_a_second_death_amid_the_recovery_from_the_first(seed, monkeypatch):
    """The call in setup on the circuit is buried, by which its record is written anew, before the living are taken over."""
    with Lab(seed=seed, configuration=two_links()) as lab:
        lab.caller("64567890")
        telephone = lab.telephone("8004").dials("664567890")
        lab.caller("64567890").is_rung()
        line = next(line for line in circuits(lab) if line.leg is not None)
        assert view_of(lab).block(line.name) == "done"
        lab.after(1.0)
        with monkeypatch.context() as patch:

            def dies(rescue, *_):
                raise DeathError

            patch.setattr(recovery._Rescue, "take_over", dies)
            with pytest.raises(DeathError):
                killed(lab)
        killed(lab)
        telephone.hears_tone("busy").hangs_up()
        lab.after(2.0)
        assert lab.exchange.lines[line.name].blocked == {"local"}
        assert view_of(lab).unblock(line.name) == "done"
        lab.after(2.0)
        assert all(line.available for line in circuits(lab))


class Taken(Lab):
    """The lab on whose plane no control has begun: the first one takes over, as it does on the plane of a new program."""

    def prepare(self):
        simulation = self.simulation

        def start():
            far_network.start(simulation.network, simulation.far)
            simulation.kill_control()
            self.exchange = simulation.exchange
            simulation.run(1.0)

        simulation.start = start


def test_links_come_into_service_on_a_plane_that_has_never_heard_of_them(seed):
    with Taken(seed=seed, configuration=two_links()) as lab:
        assert set(states(lab).values()) == {"InService"}
        end(*call(lab))
        assert unexpected(lab) == []
