"""The main menu: welcome, one key, then a queue, an announcement or an extension; and the queue's way out.

Settings (section ``[flow.main_menu]``): ``welcome`` and ``menu`` (prompts), ``keys`` (key -> destination: ``queue:NAME``, ``say:PROMPT``,
``extension:NUMBER``), ``wrong`` (prompt for a key that is not there), ``tries``, ``busy`` (prompt when the queue's longest wait is over).
"""

from ivr.flow import Answer, Collect, Dial, Enqueue, Flow, Hang, Say, Script


class MainMenu(Flow):
    """Welcome, menu, destination."""

    name = "main_menu"
    first = "welcome"

    def welcome(self) -> Script:
        """Answer and greet."""
        yield Answer()
        yield Say((self.settings["welcome"],))
        self.variables["tries"] = "0"
        return "menu"

    def menu(self) -> Script:
        """Offer the keys and follow the one pressed."""
        yield Answer()
        keys: dict[str, str] = self.settings["keys"]
        yield Say((self.settings["menu"],))
        key: str = yield Collect(most=1, first_seconds=self.settings.get("wait_seconds", 6.0))
        destination = keys.get(key)
        if destination is None:
            tries = int(self.variables.get("tries", "0")) + 1
            self.variables["tries"] = str(tries)
            if tries >= self.settings.get("tries", 3):
                return "goodbye"
            yield Say((self.settings["wrong"],))
            return "menu"
        self.variables["destination"] = destination
        return "deliver"

    def deliver(self) -> Script:
        """Go where the key leads."""
        yield Answer()
        kind, _, value = self.variables["destination"].partition(":")
        if kind == "say":
            yield Say((value,))
            return "menu"
        if kind == "queue":
            yield Enqueue(value)
        else:
            yield Dial(value)
        yield Say((self.settings["busy"],))
        return "goodbye"

    def goodbye(self) -> Script:
        """Take leave."""
        if "goodbye" in self.settings:
            yield Say((self.settings["goodbye"],), barge=False)
        yield Hang()
        return None
