"""The pages of approvals: what waits for a second person."""
