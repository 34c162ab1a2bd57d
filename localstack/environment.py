"""Make the virtual environment of the emulator in the build folder, once, and print the path of its Python.

usage: environment.py BUILD_FOLDER

Safe to run from several processes at once: a file lock makes the others wait for the first. A half-made environment is
made again from nothing, because its mark is written last.
"""

import fcntl
import hashlib
import pathlib
import shutil
import subprocess
import sys

REQUIREMENTS = pathlib.Path(__file__).resolve().parent / "requirements.txt"


def mark_of_wanted() -> str:
    """What the environment is made from: the requirements and this Python."""
    digest = hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()
    return f"{digest} {sys.version}\n"


def make(folder: pathlib.Path) -> None:
    """Make the environment from nothing."""
    shutil.rmtree(folder, ignore_errors=True)
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True, stdout=sys.stderr)
    pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "--requirement", str(REQUIREMENTS)], check=True, stdout=sys.stderr)


def main() -> int:
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    if sys.version_info < (3, 10):
        print(f"the emulator needs Python 3.10 or later; this is {sys.version.split()[0]}", file=sys.stderr)
        return 1
    build = pathlib.Path(sys.argv[1]).resolve()
    build.mkdir(parents=True, exist_ok=True)
    folder = build / "emulator-venv"
    mark = folder / "made-from"
    with open(build / "emulator-venv.lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not mark.is_file() or mark.read_text(encoding="utf-8") != mark_of_wanted():
            print(f"making the emulator's environment in {folder} (once)", file=sys.stderr)
            try:
                make(folder)
            except subprocess.CalledProcessError as error:
                shutil.rmtree(folder, ignore_errors=True)
                print(f"the emulator's environment could not be made: {error}", file=sys.stderr)
                print("it needs Python's venv module and a package index that has moto", file=sys.stderr)
                return 1
            mark.write_text(mark_of_wanted(), encoding="utf-8")
    print(folder / "bin" / "python")
    return 0


if __name__ == "__main__":
    sys.exit(main())
