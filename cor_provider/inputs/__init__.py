"""
What a task accepts as leave requests and users: records, text and files. Internal.

Start at ``leaves``. ``records`` walks through the input, ``json_text`` and ``files`` read text and files, and
``formats`` has one reader per file format.
"""
