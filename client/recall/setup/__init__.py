"""Registering with agents: what belongs into which of their files, and how it gets there and out again.

`agents` knows the files, `changes` what becomes of their text, `jsontext` leaves all else in it, `files` writes it.
"""
