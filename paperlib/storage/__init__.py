"""Files that are written whole or not at all, arrays in them, and digests that show whether they were altered."""
