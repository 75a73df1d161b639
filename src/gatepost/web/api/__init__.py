"""The REST API: a table of operations, the pipeline that every call goes through, and handlers.

The table is read by the router, the access check, the OpenAPI document and the contract test.
"""
