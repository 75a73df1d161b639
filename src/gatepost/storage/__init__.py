"""The stores on SQLite and PostgreSQL: the only room that speaks SQL.

Tables have keys that begin with the tenant, and foreign keys that include it, so that the
database itself refuses a row that mixes two tenants. Moments are kept as whole microseconds since
1970 (UTC): both databases order and compare them alike.
"""
