"""The portal: what an administrator sees and does, over the same services as the REST API."""
