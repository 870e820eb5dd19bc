"""An engine that dies while it is imported."""

import os

os._exit(9)
