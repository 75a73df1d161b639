"""The identity server's own endpoints: token, key set, discovery. Errors are OAuth's."""
