"""Change the behaviour of the connections of a ``requests`` adapter."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, PoolManager
from urllib3.connection import HTTPConnection


def mix_in(adapter: HTTPAdapter, mixin: type[HTTPConnection]) -> None:
    """
    Add a mixin to an adapter's connections, through proxies too. Adding it again changes nothing.

    :param adapter: it keeps everything else that was set on it, such as its socket options.
    :param mixin: a connection class whose methods call ``super``.
    """
    if not _mix_into(adapter.poolmanager, mixin):
        return
    proxy_manager_for = adapter.proxy_manager_for

    def mixed_proxy_manager_for(*args: Any, **kwargs: Any) -> PoolManager:
        manager: PoolManager = proxy_manager_for(*args, **kwargs)
        _mix_into(manager, mixin)
        return manager

    for manager in adapter.proxy_manager.values():
        _mix_into(manager, mixin)
    adapter.proxy_manager_for = mixed_proxy_manager_for  # type: ignore[method-assign]


def _mix_into(manager: PoolManager, mixin: Any) -> bool:
    """Return whether the manager's connections lacked the mixin."""
    classes = {scheme: _mixed(pool, mixin) for scheme, pool in manager.pool_classes_by_scheme.items()}
    if classes == manager.pool_classes_by_scheme:
        return False
    manager.pool_classes_by_scheme = classes
    manager.clear()  # existing pools would keep making connections of the old class
    return True


@lru_cache
def _mixed(pool: type[HTTPConnectionPool], mixin: Any) -> type[HTTPConnectionPool]:
    connection: Any = pool.ConnectionCls
    if issubclass(connection, mixin):
        return pool
    return type(pool.__name__, (pool,), {"ConnectionCls": type(connection.__name__, (mixin, connection), {})})
