"""What the connections of a ``requests`` adapter do besides what urllib3's do."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, PoolManager
from urllib3.connection import HTTPConnection


def mix_in(adapter: HTTPAdapter, *mixins: type[HTTPConnection]) -> None:
    """
    Have an adapter's connections do more, through proxies too; a second time changes nothing.

    :param adapter: it keeps everything else that it is, such as its socket options.
    :param mixins: connections that call ``super``; the first of them is the outermost.
    """
    if not _mix_into(adapter.poolmanager, mixins):
        return
    proxy_manager_for = adapter.proxy_manager_for

    def mixed_proxy_manager_for(*args: Any, **kwargs: Any) -> PoolManager:
        manager: PoolManager = proxy_manager_for(*args, **kwargs)
        _mix_into(manager, mixins)
        return manager

    for manager in adapter.proxy_manager.values():
        _mix_into(manager, mixins)
    adapter.proxy_manager_for = mixed_proxy_manager_for  # type: ignore[method-assign]


def _mix_into(manager: PoolManager, mixins: tuple[type[HTTPConnection], ...]) -> bool:
    """Return whether the manager's connections did not do so yet."""
    classes = {scheme: _mixed(pool, mixins) for scheme, pool in manager.pool_classes_by_scheme.items()}
    if classes == manager.pool_classes_by_scheme:
        return False
    manager.pool_classes_by_scheme = classes
    manager.clear()  # its pools make connections of the class that they were made for
    return True


@lru_cache
def _mixed(pool: type[HTTPConnectionPool], mixins: tuple[type[HTTPConnection], ...]) -> type[HTTPConnectionPool]:
    connection: Any = pool.ConnectionCls
    missing = [mixin for mixin in mixins if not issubclass(connection, mixin)]
    if not missing:
        return pool
    return type(pool.__name__, (pool,), {"ConnectionCls": type(connection.__name__, (*missing, connection), {})})
