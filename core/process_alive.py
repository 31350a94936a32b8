"""Whether a process of this machine still runs; to tell what is being written from what was left.

is_alive(4711), this_host()
"""

import os
import platform
import re


def this_host() -> str:
    """This machine's name in letters, digits and underscores; folders may be shared by many."""
    return re.sub(r"\W+", "_", platform.node()) or "here"


def is_alive(pid: int) -> bool:
    """Whether a process with this number runs here; it may be another one than was meant."""
    if os.name == "nt":  # os.kill would end the process there
        return _is_alive_on_windows(pid)
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True


def _is_alive_on_windows(pid: int) -> bool:
    import ctypes

    kernel = ctypes.windll.kernel32  # type: ignore[attr-defined]
    handle = kernel.OpenProcess(0x1000, False, pid)  # PROCESS_QUERY_LIMITED_INFORMATION
    if not handle:
        return kernel.GetLastError() == 5  # access denied: it is there
    code = ctypes.c_ulong()
    kernel.GetExitCodeProcess(handle, ctypes.byref(code))
    kernel.CloseHandle(handle)
    return code.value == 259  # STILL_ACTIVE
