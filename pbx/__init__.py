"""The exchange: vocabularies, engines, media plane, call control, records and composition (see ARCHITECTURE.md)."""
