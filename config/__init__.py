"""The configuration: its schema, its reader and checks, and below it the data files of variants, tones and numbers."""
