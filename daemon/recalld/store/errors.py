"""What can go wrong with the store; each message says what to do."""


class StoreError(Exception):
    """The store cannot do what was asked."""


class StoreBusy(StoreError):  # noqa: N818 - says what is, as the ones below
    """Too much is waiting already, or another program holds the file; nothing was done."""


class StoreDamaged(StoreError):  # noqa: N818 - as above
    """The file is not a database, or no longer a whole one."""


class StoreConflict(StoreError):  # noqa: N818 - as above
    """The row was changed by somebody else since it was read; nothing was done."""


class DiskUnusable(StoreError):  # noqa: N818 - as above
    """The disk is full, or the file cannot be read or written; nothing was done."""


class NotACopy(StoreError):  # noqa: N818 - as above
    """The file is no database of memories."""


class StoreTooNew(StoreError):  # noqa: N818 - as above
    """The file was written by a newer version."""


class StoreReplaced(StoreError):  # noqa: N818 - as above
    """Another file stands in the place of the one that is open; nothing was done."""
