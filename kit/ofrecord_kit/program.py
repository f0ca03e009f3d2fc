"""The entry of every plugin: one message and exit 1 when something is wrong, never a traceback for a known error.

The console script of a plugin is ``main = functools.partial(run_plugin, TapCrm)``.
"""

from __future__ import annotations

import errno
import gc
import logging
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from singer_sdk.exceptions import SingerSDKError
from singer_sdk.plugin_base import PluginBase
from singer_sdk.singerlib.exceptions import SingerReadError

from ofrecord_kit.defects import defects_told
from ofrecord_kit.given import check_files


def run_plugin(plugin: type[PluginBase]) -> None:
    """Run a plugin's command line.

    Exit 0: done, or ended by SIGTERM or SIGINT after state was written. Exit 1: one message on standard error.
    """
    logger = logging.getLogger(plugin.name)
    gc.freeze()  # what was imported stays; what records are made of lives shortly and holds no circles
    gc.set_threshold(100_000, 50, 100)
    with defects_told(plugin.name, logger.error), full_disk_told(logger.error):
        try:
            check_files(sys.argv[1:])
            plugin.cli()
        except (SingerSDKError, SingerReadError) as error:
            for line in str(error).splitlines():
                logger.error("%s", line)  # noqa: TRY400 - a message for people
            sys.exit(1)


@contextmanager
def full_disk_told(tell: Callable[[str], object]) -> Iterator[None]:
    """Within the block, output that finds no space becomes one message and exit 1, not a traceback."""
    try:
        yield
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        tell(
            "No space is left where the output is written (standard output, or the setting state_dir). "
            "Free some space and run again: the run resumes from its last bookmark."
        )
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # what is buffered must not fail again
        sys.exit(1)
