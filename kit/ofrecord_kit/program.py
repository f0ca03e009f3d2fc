"""The entry of every plugin: one message and exit 1 when something is wrong, never a traceback for a known error.

The console script of a plugin is ``main = functools.partial(run_plugin, TapCrm)``.
"""

from __future__ import annotations

import logging
import os
import sys

from singer_sdk.exceptions import SingerSDKError
from singer_sdk.plugin_base import PluginBase

from ofrecord_kit.errors import BadSettings


def run_plugin(plugin: type[PluginBase]) -> None:
    """Run a plugin's command line.

    Exit 0: done, or ended by SIGTERM or SIGINT after state was written. Exit 1: one message on standard error.
    """
    logger = logging.getLogger(plugin.name)
    try:
        plugin.cli()
    except BadSettings as error:
        for line in str(error).splitlines():
            logger.error(line)  # noqa: TRY400 - a message for people
        _leave()
    except SingerSDKError as error:
        logger.error("%s", error)  # noqa: TRY400 - a message for people
        _leave()
    except BrokenPipeError:
        logger.error("The next program in the pipe has ended. Look for its message; run again afterwards.")  # noqa: TRY400
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # nothing more can be flushed
        _leave()
    except Exception:
        logger.exception("An unexpected error (%s). This is a defect: please report it.", plugin.name)
        _leave()


def _leave() -> None:
    sys.exit(1)
