"""Where Debian's ``dahdi/user.h`` is (packages dahdi-source and dahdi-dkms): whether, and from what, real lines are built in.

Needs the standard library alone: the build (SConstruct) and the set-up (zongji) ask before anything is installed. The header named
by ZONGJI_DAHDI_USER_H goes before all others.
"""

import os
import tarfile
from pathlib import Path

ARCHIVE = Path("/usr/src/dahdi.tar.bz2")
"""Sources of the package dahdi-source."""
_FILES = ("user.h", "dahdi_config.h")


def source() -> Path | None:
    """The header, or the archive that holds it; None = there is none."""
    named = os.environ.get("ZONGJI_DAHDI_USER_H", "")
    installed = [Path("/usr/include/dahdi/user.h")]
    installed += sorted(Path("/usr/src").glob("dahdi-*/include/dahdi/user.h"), reverse=True)
    installed += [Path("/usr/src/modules/dahdi/include/dahdi/user.h"), ARCHIVE]
    return next((path for path in ([Path(named)] if named else installed) if path.is_file()), None)


def include_folder(extracted: Path) -> str:
    """The folder to look for ``dahdi/user.h`` in; an archive is opened into ``extracted``. Empty: there is none."""
    found = source()
    if found is None:
        return ""
    if found != ARCHIVE:
        return str(found.parent.parent) if found.parent.name == "dahdi" else ""
    (extracted / "dahdi").mkdir(parents=True, exist_ok=True)
    with tarfile.open(found) as held:
        for member in held.getmembers():
            folder, _, name = member.name.rpartition("/")
            content = held.extractfile(member) if folder.endswith("include/dahdi") and name in _FILES else None
            if content is not None:
                (extracted / "dahdi" / name).write_bytes(content.read())
    return str(extracted) if (extracted / "dahdi" / "user.h").is_file() else ""
