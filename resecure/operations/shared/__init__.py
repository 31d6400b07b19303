"""What operations stand in and share. Operations never call one another; they may call this."""
