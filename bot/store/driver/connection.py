"""The one name of the database driver that the desk may say: what a change is given to write through.

Everything else of SQLAlchemy stays in this package.
"""

from sqlalchemy import Connection

__all__ = ["Connection"]
