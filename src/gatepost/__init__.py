"""A self-hosted identity server with many tenants."""

__version__ = "0.1.0"
