"""The migrations, run by `schema` in one transaction each."""
