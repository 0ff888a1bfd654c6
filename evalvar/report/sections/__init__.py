"""What each section of a report says: one question a file, `Reading` in, `Section` or None out."""
