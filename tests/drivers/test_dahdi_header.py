"""Where the build finds DAHDI's header: named, installed, or in the archive of dahdi-source."""

import io
import tarfile

import pytest

from drivers import dahdi_header


@pytest.fixture
def header(tmp_path):
    path = tmp_path / "include" / "dahdi" / "user.h"
    path.parent.mkdir(parents=True)
    path.write_text("/* words */\n")
    return path


def test_the_named_header_goes_before_all(header, monkeypatch, tmp_path):
    monkeypatch.setenv("ZONGJI_DAHDI_USER_H", str(header))
    assert dahdi_header.source() == header
    assert dahdi_header.include_folder(tmp_path / "extracted") == str(tmp_path / "include")


@pytest.mark.parametrize("name", ["nowhere/dahdi/user.h", "elsewhere/user.h"])
def test_a_named_header_that_cannot_be_included_is_none(tmp_path, monkeypatch, name):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "user.h").write_text("")
    monkeypatch.setenv("ZONGJI_DAHDI_USER_H", str(tmp_path / name))
    assert dahdi_header.include_folder(tmp_path / "extracted") == ""


@pytest.mark.parametrize("complete", [True, False])
def test_the_archive_is_opened(tmp_path, monkeypatch, complete):
    archive = tmp_path / "dahdi.tar.bz2"
    with tarfile.open(archive, "w:bz2") as made:
        for name in ("user.h", "dahdi_config.h", "kernel.h")[0 if complete else 1 :]:
            entry = tarfile.TarInfo(f"modules/dahdi/include/dahdi/{name}")
            entry.size = 5
            made.addfile(entry, io.BytesIO(b"words"))
    monkeypatch.setattr(dahdi_header, "ARCHIVE", archive)
    monkeypatch.setattr(dahdi_header, "source", lambda: archive)
    extracted = tmp_path / "extracted"
    found = dahdi_header.include_folder(extracted)
    assert found == (str(extracted) if complete else "")
    assert (extracted / "dahdi" / "dahdi_config.h").read_bytes() == b"words"
    assert not (extracted / "dahdi" / "kernel.h").exists()


def test_without_any_there_is_none(tmp_path, monkeypatch):
    monkeypatch.setattr(dahdi_header, "source", lambda: None)
    assert dahdi_header.include_folder(tmp_path) == ""
