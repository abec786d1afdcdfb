"""The code's version: engine and pages must agree on it, saved runs carry it."""
VERSION = "0.1.0"
