"""The run folder: the seam between chapters."""

from kamlib.runs.run import Run, open_run, project_root, read_table, write_table

__all__ = ["Run", "open_run", "project_root", "read_table", "write_table"]
