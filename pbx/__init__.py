"""The exchange: vocabularies, engines, media plane, call control, records and composition (see ARCHITECTURE.md).

Its native module ``pbx._plane`` lies beside this file, or in the folder that ZONGJI_NATIVE names (the sanitizer build).
"""

import os

if os.environ.get("ZONGJI_NATIVE"):
    __path__.insert(0, os.environ["ZONGJI_NATIVE"])
