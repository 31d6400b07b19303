"""Which connected systems must learn of a change, and how far each has got (the outbox)."""
