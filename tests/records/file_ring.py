"""A journal ring in a file mapped by several processes: it outlives its writer as the arena does. And the process that is killed.

Run as a program, ``file_ring.py FOLDER START`` is a control: it appends the facts of calls without end while the store's writer
drains them; calls are numbered from START. Somebody kills it.
"""

import mmap
import struct
import sys
from pathlib import Path

SLOT = 1024
SLOTS = 2048
HEADER = struct.Struct("<QQ")


class FileRing:
    def __init__(self, path: Path) -> None:
        new = not path.exists()
        with path.open("a+b") as file:
            if new:
                file.truncate(HEADER.size + SLOT * SLOTS)
            self.map = mmap.mmap(file.fileno(), HEADER.size + SLOT * SLOTS)

    def mark(self, index: int) -> int:
        return struct.unpack_from("<Q", self.map, 8 * index)[0]

    def journal_append(self, octets: bytes) -> int:
        written, read = self.mark(0), self.mark(1)
        assert len(octets) <= SLOT - 4
        if written - read >= SLOTS:
            return -2
        place = HEADER.size + SLOT * (written % SLOTS)
        struct.pack_into(f"<I{len(octets)}s", self.map, place, len(octets), octets)
        struct.pack_into("<Q", self.map, 0, written + 1)
        return written + 1

    def journal_read(self, limit: int) -> list[tuple[int, bytes]]:
        written, read = self.mark(0), self.mark(1)
        found = []
        for sequence in range(read + 1, min(written, read + limit) + 1):
            place = HEADER.size + SLOT * ((sequence - 1) % SLOTS)
            (length,) = struct.unpack_from("<I", self.map, place)
            found.append((sequence, bytes(self.map[place + 4 : place + 4 + length])))
        return found

    def journal_commit(self, sequence: int) -> None:
        struct.pack_into("<Q", self.map, 8, max(self.mark(1), sequence))


def control(folder: Path, start: int) -> None:
    from pbx.journal import Journal
    from pbx.store import STORE_FILE, Store, StoreWriter
    from tests.records.story import is_trunk, outgoing_call, queued_call

    ring = FileRing(folder / "ring")
    writer = StoreWriter(Store(folder / STORE_FILE, ring, is_trunk), print)
    writer.start()
    journal = Journal(ring)
    with (folder / "appended").open("ab", buffering=0) as appended:
        number = start
        while True:
            for story in (queued_call(f"q{number}", number), outgoing_call(f"o{number}", number)):
                for fact in story:
                    while not (sequence := journal.append(fact)):
                        pass
                    appended.write(struct.pack("<Q", sequence))
            number += 1


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[2]))
    control(Path(sys.argv[1]), int(sys.argv[2]))
