"""What cffi is told of DAHDI's header: every constant, structures packed or not, and nothing that it could not read."""

import importlib.util
import subprocess
import sysconfig

import pytest

from tests.dahdi.rig import declarations

HEADER = """
#ifndef _DAHDI_USER_H
#define _DAHDI_USER_H
#include <linux/types.h>
#include <linux/ioctl.h>
#include <dahdi/dahdi_config.h>
#define ELAST 500
#define DAHDI_CODE 0xDA
#define __DAHDI_SIG_FXO (1 << 12)
#define DAHDI_SIG_FXOKS ((1 << 5) | __DAHDI_SIG_FXO)
#define DAHDI_SIG_BROKEN (1 << 31)
#define DAHDI_NAME "no number"
#define DAHDI_TWICE(n) ((n) * 2)
#define OTHER 7
enum {
	DAHDI_TONE_FIRST = 3,
	DAHDI_TONE_SECOND,
};
struct dahdi_plain {
	int number;
	char name[40];
	__u32 flag:1;
};
struct dahdi_packed {
	char first;
	__s32 second;
} __attribute__((packed));
struct dahdi_two {
	short one;
	struct dahdi_packed other;
};
#define DAHDI_TELL _IOWR(DAHDI_CODE, 5, struct dahdi_packed)
static inline int dahdi_twice(int n)
{
	if (n) {
		return 2 * n;
	}
	return 0;
}
#endif
"""


@pytest.fixture
def header(tmp_path):
    folder = tmp_path / "include/dahdi"
    folder.mkdir(parents=True)
    (folder / "dahdi_config.h").write_text("#define DAHDI_ELSEWHERE 1\nstruct dahdi_elsewhere { int here; };\n")
    (folder / "user.h").write_text(HEADER)
    return folder / "user.h"


def test_constants_are_named_and_others_left_out(header):
    words = declarations.declarations(header).splitlines()
    constants = [line.split()[1] for line in words if line.startswith("#define")]
    assert constants == ["ELAST", "DAHDI_CODE", "__DAHDI_SIG_FXO", "DAHDI_SIG_FXOKS", "DAHDI_SIG_BROKEN", "DAHDI_TELL"]


def test_the_binding_has_the_compilers_numbers(header, tmp_path):
    source, made = tmp_path / "_dahdi.c", tmp_path / "_dahdi.abi3.so"
    declarations.emit(source, header)
    paths = [f"-I{header.parent.parent}", f"-I{sysconfig.get_paths()['include']}"]
    subprocess.run(["cc", "-shared", "-fPIC", "-DPy_LIMITED_API=0x030b0000", *paths, "-o", str(made), str(source)], check=True)
    specification = importlib.util.spec_from_file_location("_dahdi", made)
    binding = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(binding)
    ffi, lib = binding.ffi, binding.lib
    assert (lib.ELAST, lib.DAHDI_SIG_FXOKS, lib.DAHDI_SIG_BROKEN, lib.DAHDI_TONE_SECOND) == (500, 0x1020, -(1 << 31), 4)
    assert lib.DAHDI_TELL == 3 << 30 | 5 << 16 | 0xDA << 8 | 5
    assert [ffi.sizeof(f"struct dahdi_{name}") for name in ("plain", "packed", "two")] == [48, 5, 8]
    packed = ffi.new("struct dahdi_packed *", {"first": b"\1", "second": 0x02030405})
    assert bytes(ffi.buffer(packed)) == bytes([1, 5, 4, 3, 2])
    with pytest.raises(OSError, match="ioctl"):
        if lib.ioctl(-1, lib.DAHDI_TELL, packed) < 0:
            raise OSError(ffi.errno, "ioctl")
