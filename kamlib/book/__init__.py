"""The book room: the only place that reads a company's data."""

from kamlib.book.book import Book, open_book
from kamlib.book.contract import CHECKS, TABLES, Check, Column, Table

__all__ = ["CHECKS", "TABLES", "Book", "Check", "Column", "Table", "open_book"]
