"""The rule in C under the compiler's own watch: no byte read or written that is not its own (`make soak`)."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

C = Path(__file__).parents[2] / "tmwatch/similarity/c/module.c"
# The watched build takes the place of the one that was installed, before anybody asks for it.
RUN = """
import importlib.machinery, importlib.util, sys
import tmwatch
loader = importlib.machinery.ExtensionFileLoader("tmwatch.similarity._pairs", sys.argv[1])
spec = importlib.util.spec_from_file_location("tmwatch.similarity._pairs", sys.argv[1], loader=loader)
module = importlib.util.module_from_spec(spec)
loader.exec_module(module)
sys.modules["tmwatch.similarity._pairs"] = module
import pytest
sys.exit(pytest.main(["-q", "-p", "no:cacheprovider", *sys.argv[2:]]))
"""


@pytest.mark.soak
@pytest.mark.skipif(not shutil.which("gcc"), reason="needs gcc")
def test_no_test_of_the_compiled_rule_touches_memory_that_is_not_its_own(tmp_path: Path) -> None:
    built = tmp_path / "_pairs.abi3.so"
    flags = [
        "-g",
        "-O1",
        "-fsanitize=address,undefined",
        "-fno-sanitize-recover=undefined",
        "-ffp-contract=off",
    ]
    include = sysconfig.get_paths()["include"]
    build = ["gcc", *flags, "-shared", "-fPIC", "-DPy_LIMITED_API=0x030B0000", f"-I{include}", str(C), "-o"]
    subprocess.run([*build, str(built)], check=True, timeout=300)
    watchers = [
        subprocess.run(["gcc", f"-print-file-name={name}"], capture_output=True, text=True, check=True).stdout
        for name in ("libasan.so", "libubsan.so")
    ]
    env = {
        **os.environ,
        "LD_PRELOAD": " ".join(one.strip() for one in watchers),
        "ASAN_OPTIONS": "detect_leaks=0",  # Python keeps what it has until it ends
    }
    tests = [
        str(Path(__file__).with_name(name))
        for name in ("test_compiled.py", "test_index.py", "test_engine.py")
    ]
    done = subprocess.run(
        [sys.executable, "-c", RUN, str(built), *tests],
        env=env,
        capture_output=True,
        text=True,
        timeout=1800,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
