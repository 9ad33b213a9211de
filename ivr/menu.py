"""The program ``menu``: greeting, prompt, one key, destination; and ``announcement``, a prompt and good-bye.

Its parameters are the named fields of ``[flow.NAME]`` (config/schema.py, ``Flow``). A destination that fails (extension busy, queue
overflow without a destination of its own) brings the caller back to the menu.
"""

from ivr.flow import Answer, Collect, Dial, Enqueue, Flow, Hang, Say, Script


class Menu(Flow):
    """Greet, offer the keys, go where the key leads."""

    name = "menu"
    first = "greet"

    def greet(self) -> Script:
        """Answer and greet."""
        yield Answer()
        if self.settings.get("greeting"):
            yield Say((self.settings["greeting"],))
        self.variables["tries"] = "0"
        return "offer"

    def offer(self) -> Script:
        """Offer the keys and follow the one pressed."""
        choices: dict[str, str] = self.settings["choices"]
        if self.settings.get("menu"):
            yield Say((self.settings["menu"],))
        key: str = yield Collect(most=1, first_seconds=self.settings["wait_seconds"])
        destination = choices.get(key)
        if destination is not None:
            self.variables["destination"] = destination
            return "deliver"
        tries = int(self.variables["tries"]) + 1
        self.variables["tries"] = str(tries)
        if tries < self.settings["tries"]:
            return "offer"
        otherwise = self.settings.get("otherwise")
        if otherwise is None:
            return "goodbye"
        self.variables["destination"] = otherwise
        return "deliver"

    def deliver(self) -> Script:
        """Go where the key leads; come back when that fails."""
        kind, _, value = self.variables["destination"].partition(":")
        if kind == "announcement":
            yield Say((value,))
        elif kind == "queue":
            yield Enqueue(value)
        else:
            yield Dial(self.variables["destination"])
        tries = int(self.variables["tries"]) + 1
        self.variables["tries"] = str(tries)
        return "offer" if tries <= self.settings["tries"] else "goodbye"

    def goodbye(self) -> Script:
        """Take leave."""
        yield Hang()
        return None


class Announcement(Flow):
    """Say one prompt (variable ``prompt``) and hang up."""

    name = "announcement"
    first = "say"

    def say(self) -> Script:
        """Say it."""
        yield Answer()
        yield Say((self.variables["prompt"],), barge=False)
        yield Hang()
        return None
