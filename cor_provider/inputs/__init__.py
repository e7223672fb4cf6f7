"""
What a task accepts as leave requests: records, text and files. Internal.

``leaves`` is the door. ``records`` walks through what came in, ``json_text`` and ``files`` open up text and files, and
``formats`` has one reader per file format.
"""
