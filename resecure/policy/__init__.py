"""Who may, and when; the reasons for a no; what is still owed at sign-in. Reads, never writes."""
