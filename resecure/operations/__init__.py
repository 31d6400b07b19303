"""Everything the service can be asked to do: one verb, one module. An operation owns its transaction,
its permission and its record, and never calls another operation."""
