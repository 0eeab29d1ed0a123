"""Figures from tables, one file per room; nothing is computed here."""
