"""The pages of alerts: what was noticed, and who has looked."""
